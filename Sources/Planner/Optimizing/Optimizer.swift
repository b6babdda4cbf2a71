import Columnar
import Effects
import Kernels
package import Plans

/// Runs the passes, in the order of one list.
package struct Optimizer: Sendable {
    /// A pass that changed the plan, and what the plan then was.
    package struct Step: Sendable, Hashable {
        package var pass: String
        package var plan: LogicalPlan
        /// Zero where the settings have no clock.
        package var nanoseconds: Int64
    }

    private let settings: PlannerSettings

    /// The names of all passes, for settings and tests that turn them off.
    package static let passNames = Set(all(ConstantFolding(context: KernelContext())).map(\.name))

    init(settings: PlannerSettings) { self.settings = settings }

    /// The list: what runs, in this order. Subqueries are no longer there: binding decorrelates them.
    private static func all(_ folding: ConstantFolding) -> [any OptimizerPass] {
        [
            // Constants first: every later pass looks for literals.
            FoldConstants(folding: folding),
            // Comparisons of bare columns can be pushed down and prune files; those of casts cannot.
            UnwrapCasts(folding: folding),
            SimplifyConditions(),
            MergeProjections(),
            PushFilters(),
            // The order of joins sees what they leave of its inputs.
            PushSemiJoins(),
            // Joins see filtered inputs; what they infer is pushed down again.
            OrderJoins(),
            PushFilters(),
            // Filters that moved may stand on projections that now merge, and meet constants.
            MergeProjections(),
            FoldConstants(folding: folding),
            SimplifyConditions(),
            RewriteAggregates(),
            // After filters: what they read must be kept.
            PruneColumns(),
            MergeProjections(),
            // With the columns that are left, and no filter in the way.
            AnswerFromStatistics(),
            // Last of those that move expressions: merging projections would undo it.
            ShareExpressions(),
            PushLimits(),
        ]
    }

    /// The final plan, and each step that changed it.
    ///
    /// - Errors: `PLA-119` when interrupted, `PLA-301` for a pass that broke the plan.
    package func run(_ plan: LogicalPlan) throws(PlannerError) -> (plan: LogicalPlan, steps: [Step]) {
        var current = plan
        var steps: [Step] = []
        for pass in Self.all(ConstantFolding(context: settings.kernelContext)) {
            guard let step = try run(pass, on: current) else { continue }
            current = step.plan
            steps.append(step)
        }
        return (current, steps)
    }

    /// The doorway of every pass; nil when it is turned off or changed nothing.
    func run(_ pass: any OptimizerPass, on plan: LogicalPlan) throws(PlannerError) -> Step? {
        try settings.interruption.check()
        if settings.disabledPasses.contains(pass.name) { return nil }
        let start = settings.clock?.monotonicNanoseconds ?? 0
        let next = try pass.run(plan, until: settings.interruption)
        let nanoseconds = (settings.clock?.monotonicNanoseconds ?? 0) - start
        guard next != plan else { return nil }
        try verify(next, after: pass, of: plan)
        return Step(pass: pass.name, plan: next, nanoseconds: nanoseconds)
    }

    private func verify(
        _ next: LogicalPlan, after pass: any OptimizerPass, of plan: LogicalPlan
    ) throws(PlannerError) {
        guard next.schema.fields.map(\.type) == plan.schema.fields.map(\.type) else {
            throw PlannerError(
                .inconsistentPlan, "a pass changed the columns of the answer", ["pass": pass.name], at: nil)
        }
        do {
            try PhysicalPlanner.plan(next).check()
        } catch {
            throw PlannerError(
                .inconsistentPlan, "a pass broke the plan", ["pass": pass.name], at: nil, cause: error)
        }
    }
}
