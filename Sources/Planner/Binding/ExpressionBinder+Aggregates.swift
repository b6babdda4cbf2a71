import Columnar
import Kernels
import Plans
import SQLSyntax

/// Aggregates over several values, and those that belong to a query further out.
extension ExpressionBinder {
    /// Whether an aggregate stands over nothing but columns of queries around this one.
    func readsOnlyOuterColumns(_ call: CallSyntax) -> Bool {
        let reads = context.frames.map(\.reads)
        defer { for (frame, earlier) in zip(context.frames, reads) { frame.reset(to: earlier) } }
        var probe = self
        probe.isInsideAggregate = true
        do throws(PlannerError) {
            let columns = try probe.bindAll(call.arguments + call.withinGroup.map(\.value)).flatMap(\.columns)
            return !columns.isEmpty && columns.allSatisfy { $0 >= Placeholder.outer }
        } catch {
            // Its place is the first thing wrong with it.
            return false
        }
    }

    /// The place among `context.frames` of the query that an aggregate belongs to: the innermost whose columns it reads.
    /// Nil for this one.
    ///
    /// - Source: SQL:2016-2 6.9 <set function specification>; PostgreSQL's `check_agg_arguments`.
    func owner(of call: AggregateCall, at position: TextPosition) throws(PlannerError) -> Int? {
        let columns = call.expressions.reduce(into: Set<Int>()) { $0.formUnion($1.columns) }
        var outer = columns.filter { $0 >= Placeholder.outer }
        let read = columns.filter { $0 >= Placeholder.subquery && $0 < Placeholder.outer }
            .map { subqueries[$0 - Placeholder.subquery] }
        if columns.count > outer.count + read.count { return nil }
        // What a subquery among its arguments reads, the aggregate reads.
        for subquery in read {
            if !subquery.outer.isEmpty { return nil }
            outer.formUnion(subquery.plan.outerNumbers)
        }
        guard
            let owner = context.frames.lastIndex(where: { frame in
                outer.contains {
                    frame.values[$0] != nil || frame.reads.aggregates.map(\.number).contains($0)
                }
            })
        else { return nil }
        if read.isEmpty { return owner }
        throw .unsupported(
            "an aggregate of a query around this one over a subquery", at: position,
            hint: "compute the value in the query that the aggregate belongs to")
    }

    func misplacedAggregate(_ call: CallSyntax, at position: TextPosition) -> PlannerError {
        let function = call.function.last.text
        guard let clause = aggregateFreeClause else {
            return PlannerError(
                .misplacedAggregate, "an aggregate cannot stand inside another", ["function": function],
                at: position)
        }
        return PlannerError(
            .misplacedAggregate, "an aggregate cannot stand in \(clause)", ["function": function],
            at: position, hint: clause == "WHERE" ? "filter groups with HAVING" : nil)
    }

    /// `count(DISTINCT a, b)`: rows, or distinct ones, in which no value is null.
    mutating func boundTupleCount(
        _ syntax: [ExpressionSyntax], _ filter: Expression?, isDistinct: Bool
    ) throws(PlannerError) -> AggregateCall {
        let values = try bindAll(syntax)
        let present = values.map { Expression.call(.isNotNull, [$0], .boolean) }
        let condition = Expression.conjunction((filter.map { [$0] } ?? []) + present)
        guard isDistinct else { return AggregateCall(.countAll, [], type: .long, filter: condition) }
        let fields = values.enumerated().map { Field("c\($0)", $1.type) }
        return AggregateCall(
            .count, [.call(.structure, values, .structure(fields))], type: .long, isDistinct: true,
            filter: condition
        ).guarded
    }
}

extension LogicalPlan {
    /// The numbers of columns further out that it reads, its subqueries aside.
    fileprivate var outerNumbers: Set<Int> {
        var found = Set<Int>()
        visitExpressions { found.formUnion($0.columns.filter { $0 >= Placeholder.outer }) }
        for input in inputs { found.formUnion(input.outerNumbers) }
        return found
    }
}
