import Plans

extension LogicalPlan {
    /// The same node with its own expressions rewritten; inputs stay.
    func mapExpressions<Failure: Error>(
        _ body: (Expression) throws(Failure) -> Expression
    ) throws(Failure) -> LogicalPlan {
        switch self {
        case .values, .limit, .union, .recursion, .workingTable, .sharing, .shared: return self
        case .scan(var scan):
            if let filter = scan.filter { scan.filter = try body(filter) }
            return .scan(scan)
        case .join(let kind, let condition, let left, let right):
            guard let condition else { return self }
            return .join(kind, try body(condition), left, right)
        case .filter(let condition, let input): return .filter(try body(condition), input)
        case .project(var projection, let input):
            for index in projection.expressions.indices {
                projection.expressions[index] = try body(projection.expressions[index])
            }
            return .project(projection, input)
        case .aggregate(var aggregation, let input):
            for index in aggregation.keys.indices {
                aggregation.keys[index] = try body(aggregation.keys[index])
            }
            for index in aggregation.calls.indices {
                aggregation.calls[index] = try aggregation.calls[index].mapExpressions(body)
            }
            return .aggregate(aggregation, input)
        case .expand(var expansion, let input):
            for index in expansion.keys.indices { expansion.keys[index] = try body(expansion.keys[index]) }
            return .expand(expansion, input)
        case .unnest(let unnesting, let input): return .unnest(try unnesting.mapExpressions(body), input)
        case .window(let windowing, let input): return .window(try windowing.mapExpressions(body), input)
        case .numberRows(var keys, let input):
            for index in keys.indices { keys[index] = try body(keys[index]) }
            return .numberRows(keys, input)
        case .sort(var keys, let input):
            for index in keys.indices { keys[index].expression = try body(keys[index].expression) }
            return .sort(keys, input)
        }
    }
}
