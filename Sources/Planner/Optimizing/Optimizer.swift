import Columnar
import Kernels
package import Plans

/// Runs the passes, in the order of one list.
package struct Optimizer: Sendable {
    /// A pass that changed the plan, and what the plan then was.
    package struct Step: Sendable, Hashable {
        package var pass: String
        package var plan: LogicalPlan
    }

    let passes: [any OptimizerPass]

    /// The names of all passes, for settings and tests that turn them off.
    package static let passNames = Set(all(ConstantFolding(context: KernelContext())).map(\.name))

    init(settings: PlannerSettings) {
        passes = Self.all(ConstantFolding(context: settings.kernelContext))
            .filter { !settings.disabledPasses.contains($0.name) }
    }

    /// The list: what runs, in this order.
    private static func all(_ folding: ConstantFolding) -> [any OptimizerPass] {
        [
            // Constants first: every later pass looks for literals.
            FoldConstants(folding: folding),
            // Comparisons of bare columns can be pushed down and prune files; those of casts cannot.
            UnwrapCasts(folding: folding),
            SimplifyConditions(),
            MergeProjections(),
            PushFilters(),
            // Joins see filtered inputs; what they infer is pushed down again.
            OrderJoins(),
            PushFilters(),
            // Filters that moved may stand on projections that now merge, and meet constants.
            MergeProjections(),
            FoldConstants(folding: folding),
            SimplifyConditions(),
            // After filters: what they read must be kept.
            PruneColumns(),
            MergeProjections(),
            PushLimits(),
        ]
    }

    /// The final plan, and each step that changed it.
    package func run(_ plan: LogicalPlan) throws(PlannerError) -> (plan: LogicalPlan, steps: [Step]) {
        var current = plan
        var steps: [Step] = []
        for pass in passes {
            let next = try pass.run(current)
            guard next.schema.fields.map(\.type) == plan.schema.fields.map(\.type) else {
                throw PlannerError(
                    .inconsistentPlan, "a pass changed the columns of the answer", ["pass": pass.name],
                    at: nil)
            }
            if next != current { steps.append(Step(pass: pass.name, plan: next)) }
            current = next
        }
        return (current, steps)
    }
}
