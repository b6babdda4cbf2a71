package import Columnar

/// Adds a column per window function; all look through windows of one partition and order.
///
/// *Shapes*: gives the input's columns, then one per call; as many rows as the input.
/// *Order*: the physical node takes rows sorted by `sortKeys` and keeps that order.
package struct Windowing: Sendable, Hashable {
    /// Over the input.
    package var partition: [Expression]
    package var order: [SortKey]
    package var calls: [WindowCall]
    package var names: [String]

    package init(partition: [Expression], order: [SortKey], calls: [WindowCall], names: [String]) {
        precondition(names.count == calls.count, "every call has a name")
        self.partition = partition
        self.order = order
        self.calls = calls
        self.names = names
    }

    package func schema(over input: Schema) -> Schema {
        Schema(input.fields + zip(names, calls).map { Field($0, $1.type) })
    }

    /// What brings each partition's rows together and in order.
    package var sortKeys: [SortKey] { partition.map { SortKey($0) } + order }

    package var expressions: [Expression] {
        partition + order.map(\.expression) + calls.flatMap(\.expressions)
    }

    package func mapExpressions<Failure: Error>(
        _ body: (Expression) throws(Failure) -> Expression
    ) throws(Failure) -> Windowing {
        var copy = self
        for index in partition.indices { copy.partition[index] = try body(partition[index]) }
        for index in order.indices { copy.order[index].expression = try body(order[index].expression) }
        for index in calls.indices { copy.calls[index] = try calls[index].mapExpressions(body) }
        return copy
    }

    func text(over input: Schema) -> String {
        func list(_ parts: [String]) -> String { "[" + parts.joined(separator: ", ") + "]" }
        var parts: [String] = []
        if !partition.isEmpty { parts.append("partition=" + list(partition.map { $0.text(over: input) })) }
        if !order.isEmpty { parts.append("order=" + list(order.map { $0.text(over: input) })) }
        parts.append("calls=" + list(calls.map { $0.text(over: input) }))
        return "Window: " + parts.joined(separator: ", ")
    }
}
