import Columnar
import Kernels
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
        case .window(let windowing, let input):
            let below = plan(input)
            let keys = windowing.sortKeys
            return .window(windowing, below.isSorted(by: keys) ? below : .sort(keys, below))
        case .expand(let expansion, let input): return .expand(expansion, plan(input))
        case .unnest(let unnesting, let input): return .unnest(unnesting, plan(input))
        case .recursion(let recursion, let base, let step):
            return .recursion(recursion, base: plan(base), step: plan(step))
        case .workingTable(let table): return .workingTable(table)
        case .sort(let keys, let input): return .sort(keys, plan(input))
        case .union(let inputs): return .union(inputs.map(plan))
        case .join(let kind, let condition, let left, let right):
            return .join(join(kind, condition, leftWidth: left.schema.count), plan(left), plan(right))
        case .limit(let window, .sort(let keys, let input)):
            if let count = window.count, let end = window.end, end <= topLimit {
                return .topN(keys, offset: window.offset, count: count, plan(input))
            }
            return .limit(window, .sort(keys, plan(input)))
        case .limit(let window, let input): return .limit(window, plan(input))
        }
    }

    /// Terms `left = right` become keys, the rest is checked on each pair.
    private static func join(_ kind: JoinKind, _ condition: Expression?, leftWidth: Int) -> Join {
        var join = Join(kind)
        var rest: [Expression] = []
        for term in condition?.conjuncts ?? [] {
            guard let (left, right) = key(term, leftWidth: leftWidth) else {
                rest.append(term)
                continue
            }
            join.leftKeys.append(left)
            join.rightKeys.append(right)
        }
        join.residual = Expression.conjunction(rest)
        return join
    }

    /// The sides of an equality between a value of the left input and one of the right input, each over its own.
    ///
    /// Nested values are left out: `=` looks into them for nulls, a hash does not.
    private static func key(_ term: Expression, leftWidth: Int) -> (left: Expression, right: Expression)? {
        guard case .call(.equal, let sides, _) = term, sides.count == 2, !term.isVolatile,
            sides[0].type == sides[1].type, !sides[0].type.isNested
        else { return nil }
        let columns = sides.map(\.columns)
        guard !columns[0].isEmpty, !columns[1].isEmpty else { return nil }
        let areLeft = columns.map { $0.allSatisfy { $0 < leftWidth } }
        let areRight = columns.map { $0.allSatisfy { $0 >= leftWidth } }
        if areLeft[0], areRight[1] { return (sides[0], sides[1].remapped { $0 - leftWidth }) }
        if areLeft[1], areRight[0] { return (sides[1], sides[0].remapped { $0 - leftWidth }) }
        return nil
    }

    /// A heap of more rows than this is no cheaper than a sort, which can spill.
    private static let topLimit = 100_000
}

extension PhysicalPlan {
    /// Whether windows below already brought the rows into this order.
    fileprivate func isSorted(by keys: [SortKey]) -> Bool {
        if keys.isEmpty { return true }
        guard case .window(let windowing, _) = self else { return false }
        return windowing.sortKeys.starts(with: keys)
    }
}
