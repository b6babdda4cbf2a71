package import Columnar

/// How a query runs: the operators, as a value that prints, encodes and travels.
package indirect enum PhysicalPlan: Sendable, Hashable {
    case values(ValueRows)
    case scan(TableScan)
    /// Keeps rows where the condition is true.
    case filter(Expression, PhysicalPlan)
    case project(Projection, PhysicalPlan)
    case aggregate(Aggregation, PhysicalPlan)
    /// Adds columns that look at other rows; the input is sorted by the windows' keys.
    case window(Windowing, PhysicalPlan)
    /// Makes rows for grouping sets.
    case expand(Expansion, PhysicalPlan)
    /// Makes rows from lists, maps and series.
    case unnest(Unnesting, PhysicalPlan)
    /// The base, then the step again and again.
    case recursion(Recursion, base: PhysicalPlan, step: PhysicalPlan)
    /// What a recursion's step reads.
    case workingTable(WorkingTable)
    /// Computes queries once, each under its id, for the queries behind it and for the body, whose rows it gives.
    case sharing(ids: [Int], queries: [PhysicalPlan], body: PhysicalPlan)
    /// Reads the rows of such a query.
    case shared(SharedRows)
    case sort([SortKey], PhysicalPlan)
    /// The first rows of a sort, holding `offset + count` rows at most; with ties also those that sort as the last one.
    case topN([SortKey], offset: Int, count: Int, keepsTies: Bool = false, PhysicalPlan)
    case limit(RowWindow, PhysicalPlan)
    /// All rows of all inputs, which have the same types; the schema is the first one's.
    case union([PhysicalPlan])
    /// The right input is held in memory, the left one streams past it.
    case join(Join, PhysicalPlan, PhysicalPlan)
    /// Numbers the rows with equal keys (null equals null) from one, in their order, in a column behind the others.
    case numberRows([Expression], PhysicalPlan)
}

extension PhysicalPlan {
    package var schema: Schema { schema { inputs[$0].schema } }

    /// How many columns it gives, without making a schema, which copies those of all nodes below.
    package var width: Int {
        switch self {
        case .filter(_, let input), .sort(_, let input), .limit(_, let input),
            .topN(_, _, _, _, let input):
            input.width
        case .window(let windowing, let input): input.width + windowing.calls.count
        case .numberRows(_, let input): input.width + 1
        case .expand(let expansion, let input): input.width + expansion.names.count
        case .unnest(let unnesting, let input): input.width + unnesting.names.count
        case .recursion(_, let base, _): base.width
        case .sharing(_, _, let body): body.width
        case .union(let inputs): inputs[0].width
        case .join(let join, let left, let right): join.kind.width(left.width, right.width)
        case .values, .scan, .project, .aggregate, .workingTable, .shared: schema.count
        }
    }

    /// The schema, given those of the inputs that it depends on.
    func schema(_ input: (Int) -> Schema) -> Schema {
        switch self {
        case .values(let values): values.schema
        case .scan(let scan): scan.schema
        case .filter, .sort, .limit, .topN, .recursion, .union: input(0)
        case .project(let projection, _): projection.schema
        case .aggregate(let aggregation, _): aggregation.schema
        case .window(let windowing, _): windowing.schema(over: input(0))
        case .expand(let expansion, _): expansion.schema(over: input(0))
        case .unnest(let unnesting, _): unnesting.schema(over: input(0))
        case .workingTable(let table): table.schema
        case .sharing(_, let queries, _): input(queries.count)
        case .shared(let rows): rows.schema
        case .numberRows: RowNumbers.schema(input(0))
        case .join(let join, _, _): Join.schema(join.kind, input(0), input(1))
        }
    }

    package func withInputs(_ replacements: [PhysicalPlan]) -> PhysicalPlan {
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
        case .topN(let keys, let offset, let count, let keepsTies, _):
            return .topN(keys, offset: offset, count: count, keepsTies: keepsTies, replacements[0])
        case .limit(let window, _): return .limit(window, replacements[0])
        case .union: return .union(replacements)
        case .join(let join, _, _): return .join(join, replacements[0], replacements[1])
        case .numberRows(let keys, _): return .numberRows(keys, replacements[0])
        }
    }

    /// Rewrites bottom up.
    package func rewritten(_ body: (PhysicalPlan) -> PhysicalPlan) -> PhysicalPlan {
        let replacements = inputs.map { $0.rewritten(body) }
        return body(replacements.isEmpty ? self : withInputs(replacements))
    }

    package var inputs: [PhysicalPlan] {
        switch self {
        case .values, .scan, .workingTable, .shared: []
        case .filter(_, let input), .project(_, let input), .aggregate(_, let input), .window(_, let input),
            .expand(_, let input),
            .unnest(_, let input),
            .sort(_, let input), .topN(_, _, _, _, let input), .limit(_, let input):
            [input]
        case .union(let inputs): inputs
        case .recursion(_, let base, let step): [base, step]
        case .sharing(_, let queries, let body): queries + [body]
        case .join(_, let left, let right): [left, right]
        case .numberRows(_, let input): [input]
        }
    }
}
