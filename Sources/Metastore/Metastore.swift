package import Effects
import Foundation
import Scheduling
import Synchronization
package import Telemetry

/// Firn's state other than objects and events: one SQLite database, one writer, a few readers.
///
/// - Threads: any. Closures run on the Metastore's own threads; they must not wait for anything but the transaction.
/// - Order: writes run one after the other, in the order they were asked for.
/// - Errors: `MetastoreError`, what the closure throws, and `SCH-201` when too many wait.
/// - Cost: a write is one fsync; a read none.
package final class Metastore: Sendable {
    /// Bounds; the defaults fit one machine.
    package struct Limits: Sendable {
        package var readers = 4
        package var waitingReads = 4096
        package var waitingWrites = 4096
        package init() {}
    }

    private let writer: SQLiteConnection
    private let writerThread: IOPool
    private let idleReaders: Mutex<[SQLiteConnection]>
    private let readerThreads: IOPool
    private let clock: any Clock
    private let meters: MetastoreMeters
    /// Set when nobody knows whether a commit is on disk. Only a restart, which replays the log, tells.
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

    /// All of the closure's changes or none; durable when it returns.
    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (Transaction) throws -> Result
    ) async throws -> Result {
        let start = clock.monotonicNanoseconds
        meters.waitingWrites.add(1)
        defer {
            meters.waitingWrites.add(-1)
            meters.writes.record(nanoseconds: clock.monotonicNanoseconds - start)
        }
        return try await writerThread.run { [self] in
            guard !isPoisoned.load(ordering: .acquiring) else { throw Self.poisoned(cause: nil) }
            do {
                let result = try Self.inTransaction(
                    writer, begin: Dialect.beginWrite, body: body, commit: { try commit() })
                meters.commits.add()
                return result
            } catch {
                meters.rollbacks.add()
                throw error
            }
        }
    }

    /// Waits for the writes already asked for and empties the log; later calls fail with `SCH-301`.
    package func close() async throws {
        try await writerThread.run { [self] in _ = try writer.query(Dialect.emptyLog, []) }
        writerThread.stop()
        readerThreads.stop()
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

    private func logCanBeEmptied() -> Bool {
        do {
            if writer.isInTransaction { _ = try writer.execute(Dialect.rollback, []) }
            return try writer.query(Dialect.emptyLog, []).first?.integer("busy") == 0
        } catch {
            // The fault that led here is the one to report.
            return false
        }
    }

    private static func poisoned(cause: (any Error)?) -> MetastoreError {
        MetastoreError(
            .outcomeUnknown, "a commit failed half-way and the metastore no longer takes changes",
            hint: "look at the disk, then start Firn again", cause: cause)
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
