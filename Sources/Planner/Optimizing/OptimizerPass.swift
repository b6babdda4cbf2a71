import Plans

/// One rewrite of logical plans that keeps their answers.
protocol OptimizerPass: Sendable {
    /// As EXPLAIN and settings call it.
    var name: String { get }
    /// - Errors: `PLA-119` when interrupted.
    func run(_ plan: LogicalPlan, until interruption: Interruption) throws(PlannerError) -> LogicalPlan
}

/// A pass that looks at each node by itself, from the leaves up.
protocol NodePass: OptimizerPass {
    /// The node, whose inputs are rewritten already, in its better form.
    func rewritten(_ node: LogicalPlan) -> LogicalPlan
}

extension NodePass {
    func run(_ plan: LogicalPlan, until interruption: Interruption) throws(PlannerError) -> LogicalPlan {
        try plan.rewritten { node throws(PlannerError) in
            try interruption.check()
            return rewritten(node)
        }
    }
}
