package import Effects
import Scheduling
import Synchronization
package import Telemetry

/// Firn's state other than objects and events: one SQL database, one writer, a few readers.
///
/// The database is SQLite in the data directory, or PostgreSQL; the schema and the statements are the same.
///
/// - Threads: any. Closures run on the Metastore's own threads; they must not wait for anything but the transaction.
/// - Order: writes run one after the other, in the order they were asked for. Those that wait together share a commit,
///   each in a part of its own; one that fails is undone alone.
/// - Errors: `MetastoreError`, what the closure throws, and `SCH-201` when too many wait.
/// - Cost: a write is one fsync or a part of one; a read none.
package final class Metastore: Sendable {
    /// Bounds; the defaults fit one machine.
    package struct Limits: Sendable {
        /// Connections for reading; one more writes.
        package var readers = 4
        package var waitingReads = 4096
        package var waitingWrites = 4096
        /// Writes that share a commit at most.
        package var writesTogether = 128
        /// How often a transaction is tried again that lost against another one of the database.
        package var contentionRetries = 12
        /// How long a transaction waits for a database that cannot be reached.
        package var outageSeconds: Int64 = 10
        package init() {}
    }

    private let lane: WriteLane
    private let idleReaders: Mutex<[any DatabaseSession]>
    private let readerThreads: IOPool
    private let renewer: (any DatabaseSession)?
    private let renewerThread: IOPool
    private let retry: Retry
    private let clock: any Clock
    private let meters: MetastoreMeters
    package let schemaVersion: Int
    private struct Owner {
        var node = ""
        var isMain = true
        var lease = OwnerLease.lasting
    }
    private let owner = Mutex(Owner())

    /// `threads` makes the writer's and the readers'.
    init(
        _ database: OpenDatabase, limits: Limits, clock: any Clock, meters: MetastoreMeters,
        threads: (_ name: String, _ count: Int, _ queueLimit: Int) -> IOPool = {
            IOPool(name: $0, threads: $1, queueLimit: $2)
        }
    ) {
        schemaVersion = database.schemaVersion
        retry = database.retry
        lane = WriteLane(
            database.writer, retry: database.retry, limits: limits, meters: meters,
            thread: threads("metastore-writer", 1, limits.waitingWrites))
        idleReaders = Mutex(database.readers)
        readerThreads = threads("metastore-reader", limits.readers, limits.waitingReads)
        renewer = database.renewer
        renewerThread = threads("metastore-lease", 1, 8)
        self.clock = clock
        self.meters = meters
    }

    deinit {
        retry.stop()
        readerThreads.stop()
        renewerThread.stop()
    }

    /// Opens or creates the database and brings its schema up to date.
    ///
    /// - Errors: `MST-103` when a newer Firn wrote it, `MST-201` when it is damaged, `MST-305` when another process has
    ///   the PostgreSQL database, `MST-106` when that cannot serve.
    package static func open(
        _ place: MetastorePlace, limits: Limits = Limits(), clock: any Clock = LiveClock(),
        metrics: MetricsRegistry = MetricsRegistry()
    ) async throws -> Metastore {
        try await open(place, versions: SchemaVersions.all, limits: limits, clock: clock, metrics: metrics)
    }

    static func open(
        _ place: MetastorePlace, versions: [[String]], limits: Limits = Limits(),
        clock: any Clock = LiveClock(), metrics: MetricsRegistry = MetricsRegistry()
    ) async throws -> Metastore {
        let opener = IOPool(name: "metastore-open", threads: 1)
        defer { opener.stop() }
        return try await opener.run {
            let migration = Migration(versions: versions, clock: clock)
            let database = try OpenDatabase(place, migration: migration, limits: limits)
            return Metastore(
                database, limits: limits, clock: clock, meters: MetastoreMeters(metrics))
        }
    }

    /// The database in a data directory.
    package static func open(
        directory: String, limits: Limits = Limits(), clock: any Clock = LiveClock(),
        metrics: MetricsRegistry = MetricsRegistry()
    ) async throws -> Metastore {
        try await open(.directory(directory), limits: limits, clock: clock, metrics: metrics)
    }

    /// Sees one moment's state, however long it takes. The closure may run again where the connection broke.
    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (Transaction) throws -> Result
    ) async throws -> Result {
        let start = clock.monotonicNanoseconds
        defer { meters.reads.record(nanoseconds: clock.monotonicNanoseconds - start) }
        return try await readerThreads.run { [self] in
            guard let session = idleReaders.withLock({ $0.popLast() }) else {
                preconditionFailure("there is a session for each reader thread")
            }
            defer { idleReaders.withLock { $0.append(session) } }
            var attempt = 0
            while true {
                do {
                    return try session.inTransaction(body)
                } catch let error as MetastoreError {
                    attempt += 1
                    guard retry.pauses(after: error, attempt: attempt) else { throw error }
                    meters.retries.add()
                }
            }
        }
    }

    /// All of the closure's changes or none; durable when it returns. The closure may run more than once, when a commit
    /// that it shared with others was undone, another transaction was first, or the connection broke; nothing of the
    /// times before is left then.
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
            lane.submit({ outlet.put(try body($0)) }) { error in
                if let error {
                    continuation.resume(throwing: error)
                } else {
                    continuation.resume(returning: outlet.take())
                }
            }
        }
    }

    /// The node this process runs, whose streams and pipelines are its own; empty where nobody took one.
    package var node: String { owner.withLock { $0.node } }
    /// Whether this process still has the node.
    package var lease: OwnerLease { owner.withLock { $0.lease } }
    /// It clears away what is on record as to be cleared away; one node does, while it has its lease.
    package var isMain: Bool { owner.withLock { $0.isMain && $0.lease.isHeld } }
    /// Other nodes may use the database too.
    package var isShared: Bool { lane.isShared }
    var writerName: String { lane.writerName }

    /// From now on nothing is written without the fence.
    func hold(_ fence: Fence, isMain: Bool = true) async throws {
        try await lane.hold(fence)
        note(fence, isMain: isMain)
    }

    /// The writer holds everything against the fence already.
    func note(_ fence: Fence, isMain: Bool) {
        owner.withLock { $0 = Owner(node: fence.node, isMain: isMain, lease: fence.lease) }
    }

    /// A renewal told which node clears away.
    func note(isMain: Bool) { owner.withLock { $0.isMain = isMain } }

    /// A write that does not wait for others, where others have the database too: a statement that is held up there
    /// must not cost the node its lease.
    func renew<Result: Sendable>(
        _ body: @escaping @Sendable (Transaction) throws -> Result
    ) async throws -> Result {
        guard let renewer else { return try await write(body) }
        return try await renewerThread.run { try renewer.inTransaction(body) }
    }

    /// Waits for the writes already asked for and leaves the database tidy; later calls fail with `SCH-301`.
    package func close() async throws {
        try await lane.close()
        retry.stop()
        readerThreads.stop()
        renewerThread.stop()
    }
}
