package import Columnar

/// What a query means, before anything decides how it runs; the optimiser's passes rewrite it.
package indirect enum LogicalPlan: Sendable, Hashable {
    case values(ValueRows)
    case scan(TableScan)
    /// Keeps rows where the condition is true.
    case filter(Expression, LogicalPlan)
    case project(Projection, LogicalPlan)
    case aggregate(Aggregation, LogicalPlan)
    /// Adds columns that look at other rows.
    case window(Windowing, LogicalPlan)
    /// Makes rows for grouping sets.
    case expand(Expansion, LogicalPlan)
    /// Makes rows from lists, maps and series.
    case unnest(Unnesting, LogicalPlan)
    /// The base, then the step again and again.
    case recursion(Recursion, base: LogicalPlan, step: LogicalPlan)
    /// What a recursion's step reads.
    case workingTable(WorkingTable)
    /// Computes queries once, each under its id, for the queries behind it and for the body, whose rows it gives.
    case sharing(ids: [Int], queries: [LogicalPlan], body: LogicalPlan)
    /// Reads the rows of such a query.
    case shared(SharedRows)
    case sort([SortKey], LogicalPlan)
    case limit(RowWindow, LogicalPlan)
    /// All rows of all inputs, which have the same types; the schema is the first one's.
    case union([LogicalPlan])
    /// Pairs for which the condition, over the left columns and then the right ones, is true; nil accepts all.
    case join(JoinKind, Expression?, LogicalPlan, LogicalPlan)
    /// Numbers the rows with equal keys (null equals null) from one, in their order, in a column behind the others.
    case numberRows([Expression], LogicalPlan)
}

extension LogicalPlan {
    package var schema: Schema {
        switch self {
        case .values(let values): values.schema
        case .scan(let scan): scan.schema
        case .filter(_, let input), .sort(_, let input), .limit(_, let input): input.schema
        case .project(let projection, _): projection.schema
        case .aggregate(let aggregation, _): aggregation.schema
        case .window(let windowing, let input): windowing.schema(over: input.schema)
        case .expand(let expansion, let input): expansion.schema(over: input.schema)
        case .unnest(let unnesting, let input): unnesting.schema(over: input.schema)
        case .recursion(_, let base, _): base.schema
        case .workingTable(let table): table.schema
        case .sharing(_, _, let body): body.schema
        case .shared(let rows): rows.schema
        case .union(let inputs): inputs[0].schema
        case .numberRows(_, let input): RowNumbers.schema(input.schema)
        case .join(let kind, _, let left, let right): Join.schema(kind, left.schema, right.schema)
        }
    }

    /// How many columns it gives, without making a schema, which copies those of all nodes below.
    package var width: Int {
        switch self {
        case .filter(_, let input), .sort(_, let input), .limit(_, let input): input.width
        case .window(let windowing, let input): input.width + windowing.calls.count
        case .numberRows(_, let input): input.width + 1
        case .expand(let expansion, let input): input.width + expansion.names.count
        case .unnest(let unnesting, let input): input.width + unnesting.names.count
        case .recursion(_, let base, _): base.width
        case .sharing(_, _, let body): body.width
        case .union(let inputs): inputs[0].width
        case .join(let kind, _, let left, let right): kind.width(left.width, right.width)
        case .values, .scan, .project, .aggregate, .workingTable, .shared: schema.count
        }
    }

    package var inputs: [LogicalPlan] {
        switch self {
        case .values, .scan, .workingTable, .shared: []
        case .filter(_, let input), .project(_, let input), .aggregate(_, let input), .window(_, let input),
            .expand(_, let input),
            .unnest(_, let input),
            .sort(_, let input), .limit(_, let input):
            [input]
        case .union(let inputs): inputs
        case .recursion(_, let base, let step): [base, step]
        case .sharing(_, let queries, let body): queries + [body]
        case .join(_, _, let left, let right): [left, right]
        case .numberRows(_, let input): [input]
        }
    }

    /// The same node over other inputs, as many as it has.
    package func withInputs(_ replacements: [LogicalPlan]) -> LogicalPlan {
        precondition(replacements.count == inputs.count, "a node takes as many inputs as it has")
        switch self {
        case .values, .scan, .workingTable, .shared: return self
        case .filter(let condition, _): return .filter(condition, replacements[0])
        case .project(let projection, _): return .project(projection, replacements[0])
        case .aggregate(let aggregation, _): return .aggregate(aggregation, replacements[0])
        case .window(let windowing, _): return .window(windowing, replacements[0])
        case .expand(let expansion, _): return .expand(expansion, replacements[0])
        case .unnest(let unnesting, _): return .unnest(unnesting, replacements[0])
        case .recursion(let recursion, _, _):
            return .recursion(recursion, base: replacements[0], step: replacements[1])
        case .sharing(let ids, let queries, _):
            return .sharing(
                ids: ids, queries: Array(replacements.dropLast()), body: replacements[queries.count])
        case .sort(let keys, _): return .sort(keys, replacements[0])
        case .limit(let window, _): return .limit(window, replacements[0])
        case .union: return .union(replacements)
        case .join(let kind, let condition, _, _):
            return .join(kind, condition, replacements[0], replacements[1])
        case .numberRows(let keys, _): return .numberRows(keys, replacements[0])
        }
    }

    /// Rewrites bottom up.
    package func rewritten<Failure: Error>(
        _ body: (LogicalPlan) throws(Failure) -> LogicalPlan
    ) throws(Failure) -> LogicalPlan {
        var replacements: [LogicalPlan] = []
        for input in inputs { replacements.append(try input.rewritten(body)) }
        return try body(replacements.isEmpty ? self : withInputs(replacements))
    }
}
