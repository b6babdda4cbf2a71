package import Columnar
package import Plans
import Scheduling
import Synchronization

/// Runs physical plans.
package enum Executor {
    /// Compiles the plan; rows are computed when they are asked for.
    ///
    /// - Errors: `EXE-101` for what this build cannot run, `PLN-102` for a plan that breaks a rule. Through the run: `KRN-…`,
    ///   `SCH-…` (cancelled, deadline, memory), and what tables, files and the store report.
    package static func run(_ plan: PhysicalPlan, in context: QueryContext) throws -> QueryRun {
        try plan.check()
        let profile = QueryProfile(plan)
        var compiler = PlanCompiler(context, profile)
        return QueryRun(
            schema: plan.schema, BatchPuller(try compiler.source(for: plan), context), profile, context)
    }
}

/// A running query: its rows, batch by batch, and what they cost.
///
/// - Threads: one reader. Whoever drops it leaves nothing running; `cancel` stops what runs now.
package final class QueryRun: Sendable {
    package let schema: Schema
    package let profile: QueryProfile
    private let puller: BatchPuller
    private let context: QueryContext
    /// What is left of a batch of many bytes.
    private let rest = Mutex<ArraySlice<Batch>>([])

    /// A batch has about so many bytes at most, or one row: whoever encodes or sends it can stop soon.
    private static let pieceBytes = 4 << 20

    init(schema: Schema, _ puller: BatchPuller, _ profile: QueryProfile, _ context: QueryContext) {
        self.schema = schema
        self.puller = puller
        self.profile = profile
        self.context = context
    }

    /// The next rows, dense; nil at the end.
    package func next() async throws -> Batch? {
        if let piece = rest.withLock({ $0.popFirst() }) {
            try context.check()
            return piece
        }
        guard let batch = try await puller.next()?.dense() else { return nil }
        let bytes = batch.ownByteCount
        guard bytes > Self.pieceBytes, batch.rowCount > 1 else { return batch }
        let step = max(1, Int(Double(batch.rowCount) * Double(Self.pieceBytes) / Double(bytes)))
        let pieces = stride(from: 0, to: batch.rowCount, by: step).map { start in
            batch.slice(start..<min(batch.rowCount, start + step))
        }
        rest.withLock { $0 = pieces.dropFirst() }
        return pieces[0]
    }

    package var batches: AsyncThrowingStream<Batch, any Error> {
        AsyncThrowingStream { try await self.next() }
    }

    /// All rows in one batch of any length; for small results and tests.
    package func collect() async throws -> Batch {
        var batches: [Batch] = []
        while let batch = try await next() { batches.append(batch) }
        return Batch.concatenate(batches, schema: schema)
    }

    package func cancel() { context.token.cancel() }
}
