package import Effects
import Foundation
import Scheduling
import Synchronization
package import Telemetry

/// Firn's state other than objects and events: one SQLite database, one writer, a few readers.
///
/// - Threads: any. Closures run on the Metastore's own threads; they must not wait for anything but the transaction.
/// - Order: writes run one after the other, in the order they were asked for. Those that wait together share a commit,
///   each in a savepoint of its own; one that fails is undone alone.
/// - Errors: `MetastoreError`, what the closure throws, and `SCH-201` when too many wait.
/// - Cost: a write is one fsync or a part of one; a read none.
package final class Metastore: Sendable {
    /// Bounds; the defaults fit one machine.
    package struct Limits: Sendable {
        package var readers = 4
        package var waitingReads = 4096
        package var waitingWrites = 4096
        /// Writes that share a commit at most.
        package var writesTogether = 128
        package init() {}
    }

    private let writer: SQLiteConnection
    private let writerThread: IOPool
    private let waiting = WaitingWrites()
    private let idleReaders: Mutex<[SQLiteConnection]>
    private let readerThreads: IOPool
    private let writesTogether: Int
    private let clock: any Clock
    private let meters: MetastoreMeters
    /// Set when nobody knows whether a commit is on disk. A restart, which replays the log, tells; or a log that can be
    /// emptied after all, as when a full disk has room again: then the commit is not there.
    private let isPoisoned = Atomic<Bool>(false)
    package let schemaVersion: Int

    private init(
        path: String, versions: [[String]], limits: Limits, clock: any Clock, metrics: MetricsRegistry
    ) throws {
        writer = try SQLiteConnection(path: path, readOnly: false)
        schemaVersion = try Migration(versions: versions, clock: clock).run(on: writer) { "\(path).v\($0)" }
        idleReaders = Mutex(
            try (0..<limits.readers).map { _ in try SQLiteConnection(path: path, readOnly: true) })
        writerThread = IOPool(name: "metastore-writer", threads: 1, queueLimit: limits.waitingWrites)
        readerThreads = IOPool(
            name: "metastore-reader", threads: limits.readers, queueLimit: limits.waitingReads)
        writesTogether = limits.writesTogether
        self.clock = clock
        meters = MetastoreMeters(metrics)
    }

    deinit {
        writerThread.stop()
        readerThreads.stop()
    }

    /// Opens or creates `directory/metastore.db` and brings its schema up to date.
    ///
    /// - Errors: `MST-103` when a newer Firn wrote it, `MST-201` when it is damaged.
    package static func open(
        directory: String, limits: Limits = Limits(), clock: any Clock = LiveClock(),
        metrics: MetricsRegistry = MetricsRegistry()
    ) async throws -> Metastore {
        try await open(
            directory: directory, versions: SchemaVersions.all, limits: limits, clock: clock, metrics: metrics
        )
    }

    static func open(
        directory: String, versions: [[String]], limits: Limits = Limits(), clock: any Clock = LiveClock(),
        metrics: MetricsRegistry = MetricsRegistry()
    ) async throws -> Metastore {
        let opener = IOPool(name: "metastore-open", threads: 1)
        defer { opener.stop() }
        return try await opener.run {
            let path = directory + "/metastore.db"
            try createPrivateFile(path)
            return try Metastore(
                path: path, versions: versions, limits: limits, clock: clock, metrics: metrics)
        }
    }

    /// Sees one moment's state, however long it takes.
    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (Transaction) throws -> Result
    ) async throws -> Result {
        let start = clock.monotonicNanoseconds
        defer { meters.reads.record(nanoseconds: clock.monotonicNanoseconds - start) }
        return try await readerThreads.run { [self] in
            guard let connection = idleReaders.withLock({ $0.popLast() }) else {
                preconditionFailure("there is a connection for each reader thread")
            }
            defer { idleReaders.withLock { $0.append(connection) } }
            return try Self.inTransaction(connection, begin: Dialect.beginRead, body: body) {
                _ = try connection.execute(Dialect.commit, [])
            }
        }
    }

    /// All of the closure's changes or none; durable when it returns. The closure may run twice, when SQLite undid a
    /// commit it shared with others; nothing of the first time is left then.
    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (Transaction) throws -> Result
    ) async throws -> Result {
        let start = clock.monotonicNanoseconds
        meters.waitingWrites.add(1)
        defer {
            meters.waitingWrites.add(-1)
            meters.writes.record(nanoseconds: clock.monotonicNanoseconds - start)
        }
        return try await withCheckedThrowingContinuation { continuation in
            let outlet = Outlet<Result>()
            let number = waiting.add({ outlet.put(try body($0)) }) { error in
                if let error {
                    continuation.resume(throwing: error)
                } else {
                    continuation.resume(returning: outlet.take())
                }
            }
            writerThread.submit({ [self] in runWaiting() }, refused: { waiting.remove(number)?.finish($0) })
        }
    }

    /// Waits for the writes already asked for and empties the log; later calls fail with `SCH-301`.
    package func close() async throws {
        try await writerThread.run { [self] in _ = try writer.query(Dialect.emptyLog, []) }
        writerThread.stop()
        readerThreads.stop()
    }

    /// On the writer's thread: makes what waits durable. Who comes later finds its own write done.
    private func runWaiting() {
        let batch = waiting.take(writesTogether)
        guard isCured() else {
            for write in batch { write.finish(Self.closedToChanges) }
            return
        }
        if batch.count == 1 {
            runAlone(batch[0])
        } else if !batch.isEmpty {
            runTogether(batch)
        }
    }

    private func runAlone(_ write: WaitingWrite) {
        do {
            try Self.inTransaction(
                writer, begin: Dialect.beginWrite, body: write.run, commit: { try commit() })
            meters.commits.add()
            write.finish(nil)
        } catch {
            meters.rollbacks.add()
            write.finish(error)
        }
    }

    private func runTogether(_ batch: [WaitingWrite]) {
        var faults: [(any Error)?] = []
        do {
            _ = try writer.execute(Dialect.beginWrite, [])
            for write in batch {
                faults.append(try runInSavepoint(write))
                // Some errors end the whole transaction: nothing of the others is left either.
                if !writer.isInTransaction { return batch.forEach(runAlone) }
            }
            try commit()
            meters.commits.add()
        } catch let error as MetastoreError where error.code == .constraint && writer.isInTransaction {
            // A constraint that is looked at when all commit: only one alone can tell whose it was.
            do { _ = try writer.execute(Dialect.rollback, []) } catch {
                return batch.forEach { $0.finish(error) }
            }
            return batch.forEach(runAlone)
        } catch {
            // Each write that did not fail by itself failed with the commit.
            faults = batch.indices.map { $0 < faults.count ? faults[$0] ?? error : error }
            do {
                if writer.isInTransaction { _ = try writer.execute(Dialect.rollback, []) }
            } catch let second {
                faults = faults.map { $0 ?? second }
            }
        }
        for (write, fault) in zip(batch, faults) {
            if fault != nil { meters.rollbacks.add() }
            write.finish(fault)
        }
    }

    /// What went wrong with the write alone, which then has left nothing behind.
    ///
    /// - Errors: when the savepoint itself fails, which concerns all.
    private func runInSavepoint(_ write: WaitingWrite) throws -> (any Error)? {
        _ = try writer.execute(Dialect.savepoint, [])
        let transaction = Transaction(writer)
        defer { transaction.close() }
        do {
            try write.run(transaction)
            if let fault = transaction.fault { throw fault }
            guard writer.isInTransaction else {
                throw MetastoreError(.unavailable, "a transaction ended before its commit")
            }
        } catch {
            if writer.isInTransaction {
                _ = try writer.execute(Dialect.undoSavepoint, [])
                _ = try writer.execute(Dialect.endSavepoint, [])
            }
            return error
        }
        _ = try writer.execute(Dialect.endSavepoint, [])
        return nil
    }

    private static func inTransaction<Result>(
        _ connection: SQLiteConnection, begin: String, body: (Transaction) throws -> Result,
        commit: () throws -> Void
    ) throws -> Result {
        _ = try connection.execute(begin, [])
        let transaction = Transaction(connection)
        defer { transaction.close() }
        do {
            let result = try body(transaction)
            if let fault = transaction.fault { throw fault }
            try commit()
            return result
        } catch {
            if connection.isInTransaction { _ = try connection.execute(Dialect.rollback, []) }
            throw error
        }
    }

    /// A COMMIT that fails may have left its last frame in the log: not visible now, but a restart would find it. Where
    /// the log can be emptied the frame is gone and the failure is certain; where not, nobody may write any more.
    private func commit() throws {
        do {
            _ = try writer.execute(Dialect.commit, [])
        } catch  where error.code != .constraint {
            guard logCanBeEmptied() else {
                isPoisoned.store(true, ordering: .releasing)
                throw Self.poisoned(cause: error)
            }
            throw error
        }
    }

    private func isCured() -> Bool {
        guard isPoisoned.load(ordering: .acquiring) else { return true }
        guard logCanBeEmptied() else { return false }
        isPoisoned.store(false, ordering: .releasing)
        return true
    }

    private func logCanBeEmptied() -> Bool {
        do {
            if writer.isInTransaction { _ = try writer.execute(Dialect.rollback, []) }
            return try writer.query(Dialect.emptyLog, []).first?.integer("busy") == 0
        } catch {
            // The fault that led here is the one to report.
            return false
        }
    }

    private static let closedHint = "look at the disk: when it can be written, changes are taken again"

    private static func poisoned(cause: any Error) -> MetastoreError {
        MetastoreError(
            .outcomeUnknown, "a commit failed half-way and the metastore takes no changes for now",
            hint: closedHint, cause: cause)
    }

    /// Of a change that came later, and surely has not happened.
    private static var closedToChanges: MetastoreError {
        MetastoreError(
            .unavailable, "the metastore takes no changes since a commit failed half-way", hint: closedHint)
    }

    /// The database holds sealed secrets, so it is born readable by its owner only.
    private static func createPrivateFile(_ path: String) throws {
        let descriptor = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw MetastoreError(
                .unavailable, "the metastore's file cannot be opened",
                ["path": path, "reason": unsafe String(cString: strerror(errno))])
        }
        Glibc.close(descriptor)
    }
}
