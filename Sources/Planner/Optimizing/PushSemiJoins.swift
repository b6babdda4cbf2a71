import Columnar
import Kernels
import Plans

/// Moves semi joins below inner joins, to the input whose rows they choose, where they leave at most half of them.
///
///     semi(a ⋈ b, s on a.x = s.x)   becomes   semi(a, s on a.x = s.x) ⋈ b
///
/// Where they leave more, the joins around may leave fewer rows to look for.
struct PushSemiJoins: OptimizerPass {
    let name = "push_semi_joins"

    private static let largestShare = 0.5

    func run(_ plan: LogicalPlan, until interruption: Interruption) throws(PlannerError) -> LogicalPlan {
        try Self.pushed(plan, interruption).plan
    }

    /// Bottom up, with what is known of the rows below.
    private static func pushed(
        _ plan: LogicalPlan, _ interruption: Interruption
    ) throws(PlannerError) -> RowEstimate {
        try interruption.check()
        var inputs: [RowEstimate] = []
        for input in plan.inputs { inputs.append(try pushed(input, interruption)) }
        let node = RowEstimate(inputs.isEmpty ? plan : plan.withInputs(inputs.map(\.plan)), over: inputs)
        guard case .join(.semi, let condition?, _, _) = node.plan, !condition.isVolatile,
            case let own = condition.columns.filter({ $0 < inputs[0].width }), !own.isEmpty
        else { return node }
        return place(condition, own, inputs[0], inputs[1]) ?? node
    }

    /// `left` with the semi join in it; nil where it leaves too many rows.
    ///
    /// - Parameter own: Columns of `left` that the condition reads.
    private static func place(
        _ condition: Expression, _ own: Set<Int>, _ left: RowEstimate, _ right: RowEstimate
    ) -> RowEstimate? {
        let width = left.width
        switch left.plan {
        case .join(.inner, let on, _, _):
            let (first, second) = (left.inputs[0], left.inputs[1])
            let seam = first.width
            if own.allSatisfy({ $0 < seam }) {
                let moved = condition.remapped { $0 < width ? $0 : $0 - width + seam }
                return place(moved, own, first, right).map {
                    RowEstimate(.join(.inner, on, $0.plan, second.plan), over: [$0, second])
                }
            }
            if own.allSatisfy({ $0 >= seam }) {
                let moved = condition.remapped { $0 - seam }
                return place(moved, Set(own.map { $0 - seam }), second, right).map {
                    RowEstimate(.join(.inner, on, first.plan, $0.plan), over: [first, $0])
                }
            }
        case .filter(let filter, _) where !filter.isVolatile:
            return place(condition, own, left.inputs[0], right).map {
                RowEstimate(.filter(filter, $0.plan), over: [$0])
            }
        case .project(let projection, _):
            var places: [Int: Int] = [:]
            for column in own {
                guard case .column(let index, _) = projection.expressions[column] else { return nil }
                places[column] = index
            }
            let input = left.inputs[0]
            let moved = condition.remapped { places[$0] ?? $0 - width + input.width }
            return place(moved, Set(places.values), input, right).map {
                RowEstimate(.project(projection, $0.plan), over: [$0])
            }
        default: break
        }
        guard RowEstimate.partnered(condition, left, right) <= largestShare else { return nil }
        return RowEstimate(.join(.semi, condition, left.plan, right.plan), over: [left, right])
    }
}
