package import Columnar
package import Effects
package import Plans
package import Scheduling

/// Runs plans. Execution's engine is one.
package protocol QueryExecutor: Sendable {
    /// Starts a plan. Its rows come when the stream is read.
    ///
    /// `now` is when the statement began, for functions that were not folded.
    func start(_ plan: PhysicalPlan, now: Instant, cancellation: CancellationToken) async throws
        -> QueryExecution
}

/// A plan that runs.
package struct QueryExecution: Sendable {
    package var batches: AsyncThrowingStream<Batch, any Error>
    package var metrics: @Sendable () -> QueryMetrics

    package init(
        batches: AsyncThrowingStream<Batch, any Error>, metrics: @escaping @Sendable () -> QueryMetrics
    ) {
        self.batches = batches
        self.metrics = metrics
    }
}
