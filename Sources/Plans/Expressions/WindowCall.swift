package import Columnar
package import Kernels

/// One window function: `sum(DISTINCT a) FILTER (WHERE b)` over a frame; partition and order are the node's.
package struct WindowCall: Sendable, Hashable {
    package enum Function: Sendable, Hashable {
        case window(WindowFunction)
        case aggregate(AggregateFunction)
    }

    package var function: Function
    /// Over the node's input, as are the other expressions.
    package var arguments: [Expression]
    package var type: DataType
    package var isDistinct = false
    /// Passes over rows whose value is null, for functions that pick one.
    package var ignoresNulls = false
    /// Boolean: rows where it is not true are left out of an aggregate.
    package var filter: Expression?
    /// The order in which an aggregate's values arrive.
    package var order: [SortKey] = []
    package var frame = WindowFrame.standard
    /// For ROWS and GROUPS a long; for RANGE the value at which the frame begins, of the key's type.
    package var start: Expression?
    package var end: Expression?
    /// The node's only order key as RANGE measures it, where there is an offset.
    package var rangeKey: Expression?
    /// Where the call stands in the statement, for faults that only values show.
    package var place: SourcePlace?

    package init(_ function: Function, _ arguments: [Expression], type: DataType) {
        self.function = function
        self.arguments = arguments
        self.type = type
    }

    package func mapExpressions<Failure: Error>(
        _ body: (Expression) throws(Failure) -> Expression
    ) throws(Failure) -> WindowCall {
        var copy = self
        copy.arguments = []
        for argument in arguments { copy.arguments.append(try body(argument)) }
        if let filter { copy.filter = try body(filter) }
        for index in order.indices { copy.order[index].expression = try body(order[index].expression) }
        if let start { copy.start = try body(start) }
        if let end { copy.end = try body(end) }
        if let rangeKey { copy.rangeKey = try body(rangeKey) }
        return copy
    }

    package var expressions: [Expression] {
        arguments + order.map(\.expression) + [filter, start, end, rangeKey].compactMap { $0 }
    }

    /// Whether rows beyond the partition's place matter to it.
    package var readsFrame: Bool {
        switch function {
        case .window(let function): function.readsFrame
        case .aggregate: true
        }
    }

    package func text(over schema: Schema?) -> String {
        var text: String
        switch function {
        case .window(let function):
            text = "\(function.name)(\(arguments.map { $0.text(over: schema) }.joined(separator: ", ")))"
        case .aggregate(let function):
            var call = AggregateCall(function, arguments, type: type, isDistinct: isDistinct, filter: filter)
            call.order = order
            text = call.text(over: schema)
        }
        if ignoresNulls { text += " ignore nulls" }
        if readsFrame, frame != .standard { text += " " + frameText(over: schema) }
        return text
    }

    private func frameText(over schema: Schema?) -> String {
        func bound(_ bound: WindowFrame.Bound, _ offset: Expression?) -> String {
            guard let offset else { return bound.rawValue }
            // For RANGE the value itself is what the plan holds.
            return frame.unit == .range
                ? offset.text(over: schema) : "\(offset.text(over: schema)) \(bound.rawValue)"
        }
        let excluded = frame.exclusion == .none ? "" : " exclude \(frame.exclusion.rawValue)"
        return "\(frame.unit.rawValue) \(bound(frame.start, start)) to \(bound(frame.end, end))\(excluded)"
    }
}
