package import Blobs
package import Effects
package import Execution
package import FileFormats
import JSONText
import Kernels
import Plans
package import Scheduling
package import Tables

/// What every query of a node shares: the store, the threads, the memory, the caches.
package struct QueryEngine: Sendable {
    package var store: any BlobStore
    package var morsels: MorselPool
    package var ledger: MemoryLedger
    /// Of one query.
    package var memoryLimitBytes: Int
    package var tableCaches: TableCaches
    package var footers: ParquetFooterCache
    /// By manifest list and schema; the cost is in columns.
    let statistics = RecentCache<String, TableStatistics>(limit: 100_000)
    package var clock: any Clock
    package var randomness: any Randomness
    /// From start to last row; nil for none.
    package var timeLimitNanoseconds: Int64?
    /// Rows of a batch at most; smaller only in tests.
    package var batchRows = Int.max
    /// Where queries put rows that memory does not hold; nil for nowhere.
    package var spill: SpillArea?
    /// Puts rows aside although memory holds them; for tests.
    package var spillsEverything = false
    /// Runs what a plan is after a journey through its encoding; for tests.
    package var sendsPlans = false

    package init(
        store: any BlobStore, morsels: MorselPool, ledger: MemoryLedger, memoryLimitBytes: Int,
        caches: (tables: TableCaches, footers: ParquetFooterCache), clock: any Clock,
        randomness: any Randomness
    ) {
        self.store = store
        self.morsels = morsels
        self.ledger = ledger
        self.memoryLimitBytes = memoryLimitBytes
        tableCaches = caches.tables
        footers = caches.footers
        self.clock = clock
        self.randomness = randomness
    }

    var snapshots: SnapshotProducer {
        SnapshotProducer(
            store: store, caches: tableCaches, clock: clock, randomness: randomness, pool: (morsels, .query))
    }

    /// Runs what only computes, as parsing and planning do, on the threads for that, for as long as somebody waits: a long query
    /// takes milliseconds, and a large constant may take long.
    func compute<Result: Sendable>(
        for token: CancellationToken, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await morsels.run(share: WorkShare(.query), for: token, body)
    }

    /// Compiles a plan; rows are computed when they are asked for.
    ///
    /// `now` is when the statement began.
    func start(
        _ plan: PhysicalPlan, now: Instant, token: CancellationToken, measuresBytes: Bool = false
    ) throws -> QueryRun {
        var context = QueryContext(
            store: store, morsels: morsels, memory: MemoryBudget(ledger: ledger, limit: memoryLimitBytes),
            token: token, tableCaches: tableCaches, footers: footers, clock: clock,
            kernels: KernelContext(now: now, randomness: randomness))
        context.batchRows = batchRows
        context.measuresBytes = measuresBytes
        context.spill = spill
        context.spillsEverything = spillsEverything
        if sendsPlans {
            let text = plan.encoded.serialized()
            return try Executor.run(try PhysicalPlan(encoded: try JSONParser.parse(text)), in: context)
        }
        return try Executor.run(plan, in: context)
    }
}
