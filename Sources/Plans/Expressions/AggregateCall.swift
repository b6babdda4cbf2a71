package import Columnar
package import Kernels

/// One aggregate of a group: `sum(DISTINCT a) FILTER (WHERE b)`.
package struct AggregateCall: Sendable, Hashable {
    package var function: AggregateFunction
    /// Over the node's input; empty for `count(*)`. Fractions and delimiters are literals.
    package var arguments: [Expression]
    package var isDistinct: Bool
    /// Boolean, over the node's input: rows where it is not true are left out.
    package var filter: Expression?
    /// Over the node's input: the order in which values arrive, for first_value, array_agg and their like.
    package var order: [SortKey]
    package var type: DataType
    /// Where the call stands in the statement, for faults that only values show.
    package var place: SourcePlace?

    package init(
        _ function: AggregateFunction, _ arguments: [Expression], type: DataType, isDistinct: Bool = false,
        filter: Expression? = nil
    ) {
        self.function = function
        self.arguments = arguments
        self.isDistinct = isDistinct
        self.filter = filter
        self.order = []
        self.type = type
    }

    package func mapExpressions<Failure: Error>(
        _ body: (Expression) throws(Failure) -> Expression
    ) throws(Failure) -> AggregateCall {
        var copy = self
        copy.arguments = []
        for argument in arguments { copy.arguments.append(try body(argument)) }
        if let filter { copy.filter = try body(filter) }
        for index in order.indices { copy.order[index].expression = try body(order[index].expression) }
        return copy
    }

    package var expressions: [Expression] {
        arguments + (filter.map { [$0] } ?? []) + order.map(\.expression)
    }
}
