import Columnar
import Kernels
import Plans

/// Moves filters towards the tables, so that rows that cannot matter are dropped first.
struct PushFilters: OptimizerPass {
    let name = "push_filters"

    func run(_ plan: LogicalPlan, until interruption: Interruption) throws(PlannerError) -> LogicalPlan {
        try FilterDescent(interruption: interruption).push([], into: plan)
    }
}

/// The way of conditions down a plan.
private struct FilterDescent {
    /// A condition that would grow beyond this stays above the projection it reads.
    private static let sizeLimit = 500

    let interruption: Interruption

    /// The plan with the conditions applied as low as they go.
    func push(_ conditions: [Expression], into plan: LogicalPlan) throws(PlannerError) -> LogicalPlan {
        try interruption.check()
        switch plan {
        case .filter(let condition, let input): return try push(condition.conjuncts + conditions, into: input)
        case .scan(var scan):
            scan.filter = Expression.conjunction(
                (scan.filter?.conjuncts ?? []) + conditions.filter { !$0.isVolatile })
            return filtered(.scan(scan), conditions.filter(\.isVolatile))
        case .project(let projection, let input):
            let sizes = projection.expressions.map(\.size)
            let (pushed, kept) = split(conditions) { condition in
                condition.columns.allSatisfy { !projection.expressions[$0].isVolatile }
                    && condition.substitutedSize(sizes) <= max(Self.sizeLimit, condition.size)
            }
            let below = pushed.map { $0.substituted(projection.expressions) }
            return try filtered(.project(projection, push(below, into: input)), kept)
        case .aggregate(let aggregation, let input):
            // Without keys there is a group also where there are no rows.
            let (pushed, kept) = split(conditions) { condition in
                !aggregation.keys.isEmpty && aggregation.rowsIfEmpty.isEmpty && !condition.columns.isEmpty
                    && condition.columns.allSatisfy { $0 < aggregation.keys.count }
            }
            let below = pushed.map { $0.substituted(aggregation.keys) }
            return try filtered(.aggregate(aggregation, push(below, into: input)), kept)
        case .window(let windowing, let input):
            // A condition over what makes partitions drops whole ones.
            let keys = Set(windowing.partition)
            let (pushed, kept) = split(conditions) { condition in
                !condition.columns.isEmpty
                    && condition.columns.allSatisfy { index in
                        keys.contains { if case .column(index, _) = $0 { true } else { false } }
                    }
            }
            return try filtered(.window(windowing, push(pushed, into: input)), kept)
        case .sort(let keys, let input):
            let (pushed, kept) = split(conditions) { _ in true }
            return try filtered(.sort(keys, push(pushed, into: input)), kept)
        case .union(let inputs):
            let (pushed, kept) = split(conditions) { _ in true }
            var parts: [LogicalPlan] = []
            for input in inputs { parts.append(try push(pushed, into: input)) }
            return filtered(.union(parts), kept)
        case .join(let kind, let condition, let left, let right):
            return try push(conditions, kind, condition?.conjuncts ?? [], left, right)
        case .numberRows(let keys, let input):
            // A condition over the keys drops whole groups.
            let (pushed, kept) = split(conditions) { condition in
                !condition.columns.isEmpty
                    && condition.columns.allSatisfy { index in
                        keys.contains { if case .column(index, _) = $0 { true } else { false } }
                    }
            }
            return try filtered(.numberRows(keys, push(pushed, into: input)), kept)
        // A limit's rows are chosen before the filter.
        case .limit(let window, let input):
            return try filtered(.limit(window, push([], into: input)), conditions)
        case .expand(let expansion, let input):
            let width = input.width
            let (pushed, kept) = split(conditions) { $0.columns.allSatisfy { $0 < width } }
            return try filtered(.expand(expansion, push(pushed, into: input)), kept)
        case .unnest(let unnesting, let input):
            let width = input.width
            let (pushed, kept) = split(conditions) { $0.columns.allSatisfy { $0 < width } }
            return try filtered(.unnest(unnesting, push(pushed, into: input)), kept)
        case .recursion(let recursion, let base, let step):
            let parts = (try push([], into: base), try push([], into: step))
            return filtered(.recursion(recursion, base: parts.0, step: parts.1), conditions)
        case .sharing(let ids, let queries, let body):
            var alone: [LogicalPlan] = []
            for query in queries { alone.append(try push([], into: query)) }
            return .sharing(ids: ids, queries: alone, body: try push(conditions, into: body))
        // Other readers want the rows that a condition drops.
        case .values, .workingTable, .shared: return filtered(plan, conditions)
        }
    }

    /// Conditions above a join and terms of its own, each as low as rows without a partner allow.
    private func push(
        _ above: [Expression], _ kind: JoinKind, _ on: [Expression], _ left: LogicalPlan,
        _ right: LogicalPlan
    ) throws(PlannerError) -> LogicalPlan {
        let width = left.width
        let isLeft = { (term: Expression) in
            !term.columns.isEmpty && term.columns.allSatisfy { $0 < width }
        }
        let isRight = { (term: Expression) in
            !term.columns.isEmpty && term.columns.allSatisfy { $0 >= width }
        }
        // Rows that a condition above drops may be dropped before unless nulls stand in for them.
        let (aboveLeft, otherAbove) = split(above) { !kind.keepsRight && isLeft($0) }
        let (aboveRight, stillAbove) = split(otherAbove) { !kind.keepsLeft && isRight($0) }
        let (merged, kept) = split(stillAbove) { kind == .inner && !$0.columns.isEmpty }
        // Rows that fail a term of ON find no partner: they go unless the join keeps them.
        let (onLeft, otherOn) = split(on) { !kind.keepsLeft && isLeft($0) }
        // Where a mark may be null, only a term that cannot is no more than a filter of the right side.
        let (onRight, stillOn) = split(otherOn) {
            !kind.keepsRight && isRight($0) && (kind != .mark || $0.isNeverNull)
        }
        let moved = (onRight + aboveRight).map { $0.remapped { $0 - width } }
        let join = LogicalPlan.join(
            kind, Expression.conjunction(stillOn + merged), try push(onLeft + aboveLeft, into: left),
            try push(moved, into: right))
        return filtered(join, kept)
    }

    private func split(
        _ conditions: [Expression], _ isPushable: (Expression) -> Bool
    ) -> (pushed: [Expression], kept: [Expression]) {
        let pushed = conditions.filter { !$0.isVolatile && isPushable($0) }
        return (pushed, conditions.filter { $0.isVolatile || !isPushable($0) })
    }

    private func filtered(_ plan: LogicalPlan, _ conditions: [Expression]) -> LogicalPlan {
        Expression.conjunction(conditions).map { .filter($0, plan) } ?? plan
    }
}

extension Expression {
    /// A test, which gives true or false also of null.
    fileprivate var isNeverNull: Bool {
        guard case .call(let function, _, _) = self else { return false }
        switch function {
        case .isTrue, .isNotTrue, .isFalse, .isNotFalse, .isNull, .isNotNull, .isDistinctFrom,
            .isNotDistinctFrom:
            return true
        default: return false
        }
    }
}
