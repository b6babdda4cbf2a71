import Columnar
import Kernels
import Plans

/// Chooses the operators.
enum PhysicalPlanner {
    static func plan(_ logical: LogicalPlan) -> PhysicalPlan { plan(RowEstimate(logical)) }

    private static func plan(_ node: RowEstimate) -> PhysicalPlan {
        let inputs = node.inputs
        switch node.plan {
        case .values(let values): return .values(values)
        case .scan(var scan):
            scan.expectedRowCount = expectedRows(node)
            scan.statistics = nil
            return .scan(scan)
        case .filter(let condition, _):
            return .filter(condition, TopWindow(node.plan).map { top($0, inputs[0]) } ?? plan(inputs[0]))
        case .project(let projection, _): return .project(projection, plan(inputs[0]))
        case .aggregate(let aggregation, _): return .aggregate(aggregation, plan(inputs[0]))
        case .window(let windowing, _):
            let below = plan(inputs[0])
            let keys = windowing.sortKeys
            return .window(windowing, below.isSorted(by: keys) ? below : .sort(keys, below))
        case .expand(let expansion, _): return .expand(expansion, plan(inputs[0]))
        case .unnest(let unnesting, _): return .unnest(unnesting, plan(inputs[0]))
        case .recursion(let recursion, _, _):
            return .recursion(recursion, base: plan(inputs[0]), step: plan(inputs[1]))
        case .workingTable(let table): return .workingTable(table)
        case .sharing(let ids, let queries, _):
            return .sharing(
                ids: ids, queries: queries.indices.map { plan(inputs[$0]) }, body: plan(inputs[queries.count])
            )
        case .shared(let rows): return .shared(SharedRows(id: rows.id, schema: rows.schema))
        case .sort(let keys, _): return .sort(keys, plan(inputs[0]))
        case .union: return .union(inputs.map { plan($0) })
        case .numberRows(let keys, _): return .numberRows(keys, plan(inputs[0]))
        case .join(let kind, let condition, _, _):
            var join = join(kind, condition, leftWidth: inputs[0].width)
            join.expectedRowCount = expectedRows(node)
            return mirrored(join, inputs[0], inputs[1]) ?? .join(join, plan(inputs[0]), plan(inputs[1]))
        case .limit(let window, .sort(let keys, _)):
            let sorted = plan(inputs[0].inputs[0])
            if let count = window.count, let end = window.end, end <= topLimit {
                return .topN(keys, offset: window.offset, count: count, sorted)
            }
            return .limit(window, .sort(keys, sorted))
        case .limit(let window, _): return .limit(window, plan(inputs[0]))
        }
    }

    /// The window over only those rows that its first places go to.
    private static func top(_ window: TopWindow, _ node: RowEstimate) -> PhysicalPlan {
        let below = plan(node.inputs[0])
        let keys = window.windowing.sortKeys
        guard window.count <= topLimit, !below.isSorted(by: keys) else { return plan(node) }
        return .window(
            window.windowing,
            .topN(keys, offset: 0, count: window.count, keepsTies: window.keepsTies, below))
    }

    /// The join with its sides exchanged, where the left side had better be held; else nil.
    ///
    /// It is held whole, with all its columns, so it must be clearly smaller. Inner joins have their order already.
    private static func mirrored(_ join: Join, _ left: RowEstimate, _ right: RowEstimate) -> PhysicalPlan? {
        guard join.kind != .inner, !join.leftKeys.isEmpty, 2 * left.rows < right.rows else { return nil }
        let (leftWidth, rightWidth) = (left.width, right.width)
        guard let mirrored = join.mirrored(leftWidth: leftWidth, rightWidth: rightWidth) else { return nil }
        let joined = PhysicalPlan.join(mirrored, plan(right), plan(left))
        guard join.kind.givesPairs else { return joined }
        let fields = joined.schema.fields
        let order = Array(rightWidth..<rightWidth + leftWidth) + Array(0..<rightWidth)
        return .project(
            Projection(
                order.map { .column($0, fields[$0].type) }, names: order.map { fields[$0].name }), joined)
    }

    /// Nil where some table does not tell how many rows it has.
    private static func expectedRows(_ node: RowEstimate) -> Int? {
        node.isKnown ? Int(exactly: node.rows.rounded()) : nil
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
        if kind == .mark, rest.count == 1, let key = JoinKey(rest[0], leftWidth: leftWidth), !key.isCut {
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
    /// What the other side's type cannot hold is null: it equals none of that side, but is not unknown.
    let isCut: Bool

    /// Nil for other terms. Inside nested values NULL is the same as NULL, for `=` as for the hash.
    init?(_ term: Expression?, leftWidth: Int) {
        guard case .call(let function, let sides, _) = term, let term,
            function == .equal || function == .isNotDistinctFrom, sides.count == 2, !term.isVolatile,
            let sides = Self.meeting(sides, isCut: function == .equal)
        else { return nil }
        isCut = sides[0].type != term.children[0].type || sides[1].type != term.children[1].type
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

    /// The sides in one type. Of numbers that outgrow one, those that the finer side's type cannot hold are larger than all it
    /// holds, and become null; so it is no key where null equals null.
    private static func meeting(_ sides: [Expression], isCut: Bool) -> [Expression]? {
        let (first, second) = (sides[0].type, sides[1].type)
        if first == second { return sides }
        guard isCut, first.outgrows(with: second), let common = first.numericCommon(with: second) else {
            return nil
        }
        return sides.map { $0.type == common ? $0 : .cast($0, to: common, isTry: true) }
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
