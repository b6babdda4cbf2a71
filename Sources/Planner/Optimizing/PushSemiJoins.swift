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

    func run(_ plan: LogicalPlan) throws(PlannerError) -> LogicalPlan { plan.rewritten(Self.pushed) }

    private static func pushed(_ node: LogicalPlan) -> LogicalPlan {
        guard case .join(.semi, let condition?, let left, let right) = node, !condition.isVolatile,
            case let own = condition.columns.filter({ $0 < left.schema.count }), !own.isEmpty
        else { return node }
        return place(condition, own, left, right) ?? node
    }

    /// `left` with the semi join in it; nil where it leaves too many rows.
    ///
    /// - Parameter own: Columns of `left` that the condition reads.
    private static func place(
        _ condition: Expression, _ own: Set<Int>, _ left: LogicalPlan, _ right: LogicalPlan
    ) -> LogicalPlan? {
        let width = left.schema.count
        switch left {
        case .join(.inner, let on, let first, let second):
            let seam = first.schema.count
            if own.allSatisfy({ $0 < seam }) {
                let moved = condition.remapped { $0 < width ? $0 : $0 - width + seam }
                return place(moved, own, first, right).map { .join(.inner, on, $0, second) }
            }
            if own.allSatisfy({ $0 >= seam }) {
                let moved = condition.remapped { $0 - seam }
                return place(moved, Set(own.map { $0 - seam }), second, right)
                    .map { .join(.inner, on, first, $0) }
            }
        case .filter(let filter, let input) where !filter.isVolatile:
            return place(condition, own, input, right).map { .filter(filter, $0) }
        case .project(let projection, let input):
            var places: [Int: Int] = [:]
            for column in own {
                guard case .column(let index, _) = projection.expressions[column] else { return nil }
                places[column] = index
            }
            let inputWidth = input.schema.count
            let moved = condition.remapped { places[$0] ?? $0 - width + inputWidth }
            return place(moved, Set(places.values), input, right).map { .project(projection, $0) }
        default: break
        }
        guard RowEstimate.partnered(condition, left, right) <= largestShare else { return nil }
        return .join(.semi, condition, left, right)
    }
}
