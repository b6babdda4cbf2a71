import Columnar
import Kernels
import Plans
import SQLSyntax

/// Aggregates over several values, and those that belong to a query further out.
extension ExpressionBinder {
    /// Whether an aggregate stands over nothing but columns of queries around this one.
    func readsOnlyOuterColumns(_ call: CallSyntax) -> Bool {
        var probe = self
        probe.isInsideAggregate = true
        do throws(PlannerError) {
            let columns = try probe.bindAll(call.arguments).flatMap(\.columns)
            return !columns.isEmpty && columns.allSatisfy { $0 >= Placeholder.outer }
        } catch {
            // Its place is the first thing wrong with it.
            return false
        }
    }

    /// In SQL it is the outer query that groups then.
    static func outerAggregate(at position: TextPosition) -> PlannerError {
        .unsupported(
            "an aggregate in a subquery over nothing but columns of a query around it", at: position,
            hint: "compute it in that query")
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
