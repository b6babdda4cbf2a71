import Plans

/// One rewrite of logical plans that keeps their answers.
protocol OptimizerPass: Sendable {
    /// As EXPLAIN and settings call it.
    var name: String { get }
    func run(_ plan: LogicalPlan) throws(PlannerError) -> LogicalPlan
}
