import Kernels
import Plans

/// Gives every join whose left rows need a partner a channel to the scan that each of its left keys comes from.
///
/// Whether a filter is worth its cost is seen when the keys are there, not here.
struct RuntimeFilters {
    private var next = 0

    static func placed(in plan: PhysicalPlan) -> PhysicalPlan {
        var filters = RuntimeFilters()
        return plan.rewritten { filters.placed($0) }
    }

    private mutating func placed(_ node: PhysicalPlan) -> PhysicalPlan {
        guard case .join(var join, var left, let right) = node, !join.kind.keepsLeft else { return node }
        var channels = [Int?](repeating: nil, count: join.leftKeys.count)
        for index in join.leftKeys.indices where !join.nullsMatch[index] {
            guard case .column(let column, let type) = join.leftKeys[index], KeyFilter.isFor(type),
                let filtered = left.withFilter(next, on: column)
            else { continue }
            left = filtered
            channels[index] = next
            next += 1
        }
        if channels.contains(where: { $0 != nil }) { join.channels = channels }
        return .join(join, left, right)
    }
}
