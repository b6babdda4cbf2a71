package import Blobs
package import Effects
package import FileFormats
package import Kernels
package import Scheduling
import Synchronization
package import Tables

/// What one run of a plan may use. Handles live here, never in the plan.
package struct QueryContext: Sendable {
    package var store: any BlobStore
    package var morsels: MorselPool
    package var memory: MemoryBudget
    package var token: CancellationToken
    package var tableCaches: TableCaches
    package var footers: ParquetFooterCache
    package var clock: any Clock
    package var kernels: KernelContext
    /// The operator that computes; nil for what hands its rows to the reader.
    var operatorProfile: OperatorProfile?
    package var priority: WorkPriority { share.priority }
    /// The turns it has on the pool.
    package var share = WorkShare(.query)
    /// Rounds of a recursion at most: no hierarchy is so deep, and what is deeper never ends.
    package var recursionRounds = 100_000
    /// Where rows go that memory does not hold; nil for nowhere: then a query past its memory ends.
    package var spill: SpillArea?
    /// Puts rows aside although memory holds them; for tests.
    package var spillsEverything = false
    /// Counts the bytes that operators give.
    package var measuresBytes = false
    /// Rows of a batch at most. Smaller only in tests, where batch borders must not show.
    package var batchRows = Int.max

    package init(
        store: any BlobStore, morsels: MorselPool, memory: MemoryBudget, token: CancellationToken,
        tableCaches: TableCaches, footers: ParquetFooterCache, clock: any Clock, kernels: KernelContext
    ) {
        self.store = store
        self.morsels = morsels
        self.memory = memory
        self.token = token
        self.tableCaches = tableCaches
        self.footers = footers
        self.clock = clock
        self.kernels = kernels
    }

    var evaluator: ExpressionEvaluator {
        var kernels = kernels
        kernels.supervisor = QuerySupervisor(context: self)
        return ExpressionEvaluator(context: kernels)
    }

    /// Called once a batch and once a request: lets queries that had less time go first, and ends what nobody wants.
    ///
    /// - Threads: no lock is held that another morsel may want.
    /// - Errors: `SCH-101` when cancelled, `SCH-102` past the deadline.
    func check() throws(SchedulingError) {
        MorselPool.giveWay()
        try token.check()
    }

    /// Counts what the operator computes.
    var meter: OperatorMeter? { operatorProfile.map { OperatorMeter($0, clock) } }

    /// Computes on the pool, in this query's turns, for as long as somebody waits for it; the time is the operator's.
    ///
    /// - Errors: those of `check`, and what the body throws.
    func compute<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        guard let meter else { return try await morsels.run(share: share, for: token, body) }
        return try await morsels.run(share: share, for: token) { try meter.timed(body) }
    }
}
