import Plans

/// Chooses the operators.
enum PhysicalPlanner {
    static func plan(_ logical: LogicalPlan) -> PhysicalPlan {
        switch logical {
        case .values(let values): return .values(values)
        case .scan(let scan): return .scan(scan)
        case .filter(let condition, let input): return .filter(condition, plan(input))
        case .project(let projection, let input): return .project(projection, plan(input))
        case .aggregate(let aggregation, let input): return .aggregate(aggregation, plan(input))
        case .sort(let keys, let input): return .sort(keys, plan(input))
        case .union(let inputs): return .union(inputs.map(plan))
        case .limit(let window, .sort(let keys, let input)):
            if let count = window.count, let end = window.end, end <= topLimit {
                return .topN(keys, offset: window.offset, count: count, plan(input))
            }
            return .limit(window, .sort(keys, plan(input)))
        case .limit(let window, let input): return .limit(window, plan(input))
        }
    }

    /// A heap of more rows than this is no cheaper than a sort, which can spill.
    private static let topLimit = 100_000
}
