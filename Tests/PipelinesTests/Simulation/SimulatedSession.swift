import Effects
import Scheduling
import Synchronization
import Telemetry

@testable import Metastore

/// A session of a real SQLite database whose beginnings and commits fail as the machine draws it.
///
/// Modelled: a transaction is durable or it is not, whole. A commit whose outcome nobody knows has happened, has not, or
/// hangs: nobody sees it and nobody can write until the process ends, which decides it, or the log is emptied, which
/// undoes it; that is what SQLite's log can do. What the file itself looks like after a power cut is another suite's.
final class SimulatedSession: DatabaseSession {
    private let inner: SQLiteSession
    private let machine: SimulatedMachine
    private let isWriter: Bool
    private let isHanging = Mutex(false)

    init(path: String, isWriter: Bool, machine: SimulatedMachine) throws(MetastoreError) {
        inner = try SQLiteSession(path: path, isWriter: isWriter)
        self.machine = machine
        self.isWriter = isWriter
    }

    func execute(_ sql: String, _ parameters: [SQLValue]) throws(MetastoreError) -> Int {
        try inner.execute(sql, parameters)
    }

    func query(_ sql: String, _ parameters: [SQLValue]) throws(MetastoreError) -> [Row] {
        try inner.query(sql, parameters)
    }

    func begin() throws(MetastoreError) {
        let strike = machine.strike(isWriter ? "begin" : "read", perMille: \.database)
        guard case .none = strike else { throw MetastoreError(.unavailable, "the database is away") }
        if isHanging.withLock({ $0 }) {
            guard machine.chance(4) else { throw MetastoreError(.unavailable, "no changes for now") }
            try settle(happens: false)
        }
        try inner.begin()
    }

    func commit() throws(MetastoreError) {
        guard isWriter else { return try inner.commit() }
        switch machine.strike("commit", perMille: \.database) {
        case .none: return try inner.commit()
        case .before:
            if machine.chance(2) {
                try inner.rollback()
                throw MetastoreError(.noSpace, "the commit was refused")
            }
            // Not yet, at least.
            if machine.chance(2) { isHanging.withLock { $0 = true } } else { try inner.rollback() }
        case .after: try inner.commit()
        }
        throw MetastoreError(.outcomeUnknown, "the commit's answer is lost")
    }

    /// The process ends.
    func settle() throws(MetastoreError) { try settle(happens: machine.chance(2)) }

    private func settle(happens: Bool) throws(MetastoreError) {
        guard isHanging.withLock({ $0 }) else { return }
        isHanging.withLock { $0 = false }
        if happens { try inner.commit() } else { try inner.rollback() }
    }

    func rollback() throws(MetastoreError) { try inner.rollback() }
    var isInTransaction: Bool { !isHanging.withLock { $0 } && inner.isInTransaction }
    func beginPart() throws(MetastoreError) { try inner.beginPart() }
    func undoPart() throws(MetastoreError) { try inner.undoPart() }
    func endPart() throws(MetastoreError) { try inner.endPart() }
    func close() throws(MetastoreError) { try inner.close() }
}

/// The machine's database: one file, a writer and a reader, all on the simulation's thread.
struct SimulatedDatabase {
    let metastore: Metastore
    private let writer: SimulatedSession

    /// A file with the whole schema, to be copied for each seed.
    static func makeTemplate(at path: String) throws {
        let session = try SQLiteSession(path: path, isWriter: true)
        _ = try Migration(versions: SchemaVersions.all, clock: JumpingClock()).run(on: session, .sqlite)
        try session.close()
    }

    init(path: String, machine: SimulatedMachine) throws {
        writer = try SimulatedSession(path: path, isWriter: true, machine: machine)
        let reader = try SimulatedSession(path: path, isWriter: false, machine: machine)
        var limits = Metastore.Limits()
        limits.readers = 1
        metastore = Metastore(
            OpenDatabase(
                writer: writer, readers: [reader], retry: Retry(limits: limits, randomness: machine),
                schemaVersion: SchemaVersions.all.count),
            limits: limits, clock: machine.clock, meters: MetastoreMeters(MetricsRegistry())
        ) { _, _, _ in IOPool(handing: machine.executor.hand) }
    }

    func processEnded() throws { try writer.settle() }
}
