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
    private let hasLeases: Bool
    private let isHanging = Mutex(false)
    private let isCalm = Mutex(false)
    /// A commit of any session hangs: nobody else can write.
    private let isBlocked: Blocked

    final class Blocked: Sendable {
        let flag = Mutex(false)
    }

    init(
        path: String, isWriter: Bool, machine: SimulatedMachine, hasLeases: Bool, blocked: Blocked
    ) throws(MetastoreError) {
        inner = try SQLiteSession(path: path, isWriter: isWriter)
        self.machine = machine
        self.isWriter = isWriter
        self.hasLeases = hasLeases
        isBlocked = blocked
    }

    func execute(_ sql: String, _ parameters: [SQLValue]) throws(MetastoreError) -> Int {
        try inner.execute(sql, parameters)
    }

    func query(_ sql: String, _ parameters: [SQLValue]) throws(MetastoreError) -> [Row] {
        try inner.query(sql, parameters)
    }

    func begin() throws(MetastoreError) {
        guard case .none = strike(isWriter ? "begin" : "read") else {
            throw MetastoreError(.unavailable, "the database is away")
        }
        if isHanging.withLock({ $0 }) {
            guard machine.chance(4) else { throw MetastoreError(.unavailable, "no changes for now") }
            try settle(happens: false)
        } else if isWriter, isBlocked.flag.withLock({ $0 }) {
            throw MetastoreError(.unavailable, "somebody's commit hangs")
        }
        try inner.begin()
    }

    private func strike(_ call: String) -> SimulatedMachine.Strike {
        isCalm.withLock { $0 } ? .none : machine.strike(call, perMille: \.database)
    }

    /// One transaction that nothing happens to.
    func calmly<Result>(_ body: (Transaction) throws -> Result) throws -> Result {
        isCalm.withLock { $0 = true }
        defer { isCalm.withLock { $0 = false } }
        return try inTransaction(body)
    }

    func commit() throws(MetastoreError) {
        guard isWriter else { return try inner.commit() }
        switch strike("commit") {
        case .none: return try inner.commit()
        case .before:
            if machine.chance(2) {
                try inner.rollback()
                throw MetastoreError(.noSpace, "the commit was refused")
            }
            // Not yet, at least.
            if machine.chance(2) { setHanging(true) } else { try inner.rollback() }
        case .after: try inner.commit()
        }
        throw MetastoreError(.outcomeUnknown, "the commit's answer is lost")
    }

    /// The process ends.
    func settle() throws(MetastoreError) { try settle(happens: machine.chance(2)) }

    private func settle(happens: Bool) throws(MetastoreError) {
        guard isHanging.withLock({ $0 }) else { return }
        setHanging(false)
        if happens { try inner.commit() } else { try inner.rollback() }
    }

    private func setHanging(_ hangs: Bool) {
        isHanging.withLock { $0 = hangs }
        isBlocked.flag.withLock { $0 = hangs }
    }

    /// The database's clock does not jump here: a lease needs none that does.
    func databaseTime() -> Instant { Instant(microseconds: machine.clock.monotonicNanoseconds / 1000) }
    var isShared: Bool { hasLeases }
    var writerName: String { inner.writerName }
    func endWriter(_ name: String) {}
    func setFence(_ fence: Fence) { inner.setFence(fence) }

    func rollback() throws(MetastoreError) { try inner.rollback() }
    var isInTransaction: Bool { !isHanging.withLock { $0 } && inner.isInTransaction }
    func beginPart() throws(MetastoreError) { try inner.beginPart() }
    func undoPart() throws(MetastoreError) { try inner.undoPart() }
    func endPart() throws(MetastoreError) { try inner.endPart() }
    func close() throws(MetastoreError) { try inner.close() }
}

/// The machine's database: one file, and for each process that has it a writer and a reader, all on the simulation's thread.
final class SimulatedDatabase: Sendable {
    private struct Open {
        var metastore: Metastore
        var writer: SimulatedSession
    }
    private let path: String
    private let machine: SimulatedMachine
    private let hasLeases: Bool
    private let blocked = SimulatedSession.Blocked()
    private let current: Mutex<Open>

    /// A file with the whole schema, to be copied for each seed.
    static func makeTemplate(at path: String) throws {
        let session = try SQLiteSession(path: path, isWriter: true)
        _ = try Migration(versions: SchemaVersions.all, clock: JumpingClock()).run(on: session, .sqlite)
        try session.close()
    }

    init(path: String, machine: SimulatedMachine, hasLeases: Bool) throws {
        self.path = path
        self.machine = machine
        self.hasLeases = hasLeases
        current = Mutex(try Self.open(path, machine, hasLeases, blocked))
    }

    private static func open(
        _ path: String, _ machine: SimulatedMachine, _ hasLeases: Bool, _ blocked: SimulatedSession.Blocked
    ) throws -> Open {
        let writer = try SimulatedSession(
            path: path, isWriter: true, machine: machine, hasLeases: hasLeases, blocked: blocked)
        let reader = try SimulatedSession(
            path: path, isWriter: false, machine: machine, hasLeases: hasLeases, blocked: blocked)
        var limits = Metastore.Limits()
        limits.readers = 1
        let metastore = Metastore(
            OpenDatabase(
                writer: writer, readers: [reader], retry: Retry(limits: limits, randomness: machine),
                schemaVersion: SchemaVersions.all.count),
            limits: limits, clock: machine.clock, meters: MetastoreMeters(MetricsRegistry())
        ) { _, _, _ in IOPool(handing: machine.executor.hand) }
        return Open(metastore: metastore, writer: writer)
    }

    /// Of the process that has the node.
    var metastore: Metastore { current.withLock { $0.metastore } }

    func processEnded() throws {
        try current.withLock { $0.writer }.settle()
        // The next process knows nothing of the fence of this one.
        if hasLeases { try current.withLock { $0 = try Self.open(path, machine, hasLeases, blocked) } }
    }

    /// Another process takes the node while the one that has it stands still. Nobody does anything meanwhile.
    func takeOver(_ identity: NodeIdentity, planted: PlantedBugs) throws -> NodeLease {
        try current.withLock { $0.writer }.settle()
        let new = try Self.open(path, machine, hasLeases, blocked)
        let now = machine.clock.bootNanoseconds
        var watch = LeaseWatch(
            leaseMicroseconds: Int64(SimulatedProcess.leaseSeconds) * 1_000_000, place: identity.place,
            isShared: true)
        if let row = try new.writer.calmly({ try NodeRow.all($0).first }) {
            watch.observe(row, at: now - watch.leaseMicroseconds * 1000)
        }
        let attempt = try new.writer.calmly {
            try NodeRow.take(identity, writer: "w", watch: watch, bootNanoseconds: now, $0)
        }
        guard case .taken(let epoch, _) = attempt else { throw SimulationFault("the node was not taken") }
        let lease = OwnerLease(
            clock: machine.clock,
            trustedUntil: now + NodeLease.trustedNanoseconds(seconds: SimulatedProcess.leaseSeconds))
        let fence = Fence(node: identity.id.hexDigits, epoch: epoch, lease: lease, planted: planted)
        new.writer.setFence(fence)
        new.metastore.note(fence, isMain: true)
        current.withLock { $0 = new }
        return NodeLease(
            new.metastore, id: fence.node, epoch: epoch, validity: lease,
            seconds: SimulatedProcess.leaseSeconds, clock: machine.clock, metrics: MetricsRegistry(),
            log: .silent)
    }
}
