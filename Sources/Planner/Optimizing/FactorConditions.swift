import Columnar
import Kernels
import Plans

/// Takes what all branches of an OR ask for out of it: an equality there becomes a join's key.
///
///     (a = b AND x) OR (a = b AND y)   becomes   a = b AND (x OR y)
struct FactorConditions: OptimizerPass {
    let name = "factor_conditions"

    func run(_ plan: LogicalPlan) throws(PlannerError) -> LogicalPlan {
        plan.rewritten { node in
            switch node {
            case .filter(let condition, let input): .filter(Self.factored(condition), input)
            case .join(let kind, let condition?, let left, let right):
                .join(kind, Self.factored(condition), left, right)
            default: node
            }
        }
    }

    private static func factored(_ condition: Expression) -> Expression {
        Expression.conjunction(condition.conjuncts.flatMap(terms)) ?? condition
    }

    private static func terms(_ condition: Expression) -> [Expression] {
        guard case .call(.or, let branches, _) = condition.unlocated, branches.count > 1,
            !condition.isVolatile
        else { return [condition] }
        let parts = branches.map(\.conjuncts)
        let common = parts[0].filter { term in parts.dropFirst().allSatisfy { $0.contains(term) } }
        guard !common.isEmpty else { return [condition] }
        let rests = parts.map { part in part.filter { !common.contains($0) } }
        // A branch that asks for nothing more makes the rest of the others idle.
        if rests.contains(where: \.isEmpty) { return common }
        return common + [.call(.or, rests.compactMap { Expression.conjunction($0) }, .boolean)]
    }
}
