import Columnar
import Kernels
import Plans

/// Chooses the operators.
enum PhysicalPlanner {
    static func plan(_ logical: LogicalPlan) -> PhysicalPlan {
        switch logical {
        case .values(let values): return .values(values)
        case .scan(var scan):
            scan.expectedRowCount = expectedRows(logical)
            scan.statistics = nil
            return .scan(scan)
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
        case .numberRows(let keys, let input): return .numberRows(keys, plan(input))
        case .join(let kind, let condition, let left, let right):
            var join = join(kind, condition, leftWidth: left.width)
            join.expectedRowCount = expectedRows(logical)
            return .join(join, plan(left), plan(right))
        case .limit(let window, .sort(let keys, let input)):
            if let count = window.count, let end = window.end, end <= topLimit {
                return .topN(keys, offset: window.offset, count: count, plan(input))
            }
            return .limit(window, .sort(keys, plan(input)))
        case .limit(let window, let input): return .limit(window, plan(input))
        }
    }

    /// Nil where some table does not tell how many rows it has.
    private static func expectedRows(_ plan: LogicalPlan) -> Int? {
        RowEstimate.isKnown(plan) ? Int(exactly: RowEstimate.rows(plan).rounded()) : nil
    }

    /// Terms `left = right` become keys, the rest is checked on each pair.
    private static func join(_ kind: JoinKind, _ condition: Expression?, leftWidth: Int) -> Join {
        var join = Join(kind)
        var rest: [Expression] = []
        for term in condition?.conjuncts ?? [] {
            // The mark of a pair is null where `=` is: only a test of it is a plain key there.
            guard let key = JoinKey(kind == .mark ? term.tested : term, leftWidth: leftWidth) else {
                rest.append(term)
                continue
            }
            join.leftKeys.append(key.left)
            join.rightKeys.append(key.right)
            join.nullsMatch.append(key.nullsMatch)
        }
        if kind == .mark, rest.count == 1, let key = JoinKey(rest[0], leftWidth: leftWidth) {
            join.membership = Join.Membership(left: key.left, right: key.right)
        } else {
            join.residual = Expression.conjunction(rest)
        }
        return join
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

/// An equality between a value of the left input and one of the right input, each over its own.
private struct JoinKey {
    let left: Expression
    let right: Expression
    /// Null equals null.
    let nullsMatch: Bool

    /// Nil for other terms. Nested values are left out: `=` looks into them for nulls, a hash does not.
    init?(_ term: Expression?, leftWidth: Int) {
        guard case .call(let function, let sides, _) = term, let term,
            function == .equal || function == .isNotDistinctFrom, sides.count == 2, !term.isVolatile,
            sides[0].type == sides[1].type, function == .isNotDistinctFrom || !sides[0].type.isNested
        else { return nil }
        let columns = sides.map(\.columns)
        guard !columns[0].isEmpty, !columns[1].isEmpty else { return nil }
        let areLeft = columns.map { $0.allSatisfy { $0 < leftWidth } }
        let areRight = columns.map { $0.allSatisfy { $0 >= leftWidth } }
        nullsMatch = function == .isNotDistinctFrom
        if areLeft[0], areRight[1] {
            (left, right) = (sides[0], sides[1].remapped { $0 - leftWidth })
        } else if areLeft[1], areRight[0] {
            (left, right) = (sides[1], sides[0].remapped { $0 - leftWidth })
        } else {
            return nil
        }
    }
}

extension Expression {
    /// What decides a term that is never null; nil for other terms.
    fileprivate var tested: Expression? {
        switch self {
        case .call(.isTrue, let arguments, _): arguments[0]
        case .call(.isNotDistinctFrom, _, _): self
        default: nil
        }
    }
}
