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
    /// What is left of a batch of many bytes, and the memory that the last piece given takes while it is encoded.
    private let rest = Mutex<(pieces: ArraySlice<Batch>, reservation: MemoryReservation?)>(([], nil))

    /// A batch is written as about so many bytes at most, or is one row: whoever encodes or sends it can stop soon.
    private static let pieceBytes = 4 << 20
    /// Beyond this a row is counted in the query's memory: a list may hold one long text a million times.
    private static let uncountedBytes = 32 << 20

    init(schema: Schema, _ puller: BatchPuller, _ profile: QueryProfile, _ context: QueryContext) {
        self.schema = schema
        self.puller = puller
        self.profile = profile
        self.context = context
    }

    /// The next rows, dense; nil at the end.
    package func next() async throws -> Batch? {
        rest.withLock { $0.reservation = nil }
        if let piece = rest.withLock({ $0.pieces.popFirst() }) {
            try context.check()
            return try counted(piece)
        }
        guard let batch = try await puller.next() else { return nil }
        let pieces = batch.pieces(ofBytes: Self.pieceBytes)
        rest.withLock { $0.pieces = pieces.dropFirst() }
        return try counted(pieces[0])
    }

    /// - Errors: `SCH-202` for a row that is larger than what is left of the query's memory.
    private func counted(_ piece: Batch) throws -> Batch {
        let bytes = piece.writtenByteCount
        if bytes > Self.uncountedBytes {
            let reservation = try context.memory.reserve(bytes, for: "a row of the result")
            rest.withLock { $0.reservation = reservation }
        }
        return piece
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
