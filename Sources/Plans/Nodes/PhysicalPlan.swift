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
    case sort([SortKey], PhysicalPlan)
    /// The first rows of a sort, holding `offset + count` rows at most.
    case topN([SortKey], offset: Int, count: Int, PhysicalPlan)
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
        case .numberRows: RowNumbers.schema(input(0))
        case .join(let join, _, _): Join.schema(join.kind, input(0), input(1))
        }
    }

    package var inputs: [PhysicalPlan] {
        switch self {
        case .values, .scan, .workingTable: []
        case .filter(_, let input), .project(_, let input), .aggregate(_, let input), .window(_, let input),
            .expand(_, let input),
            .unnest(_, let input),
            .sort(_, let input), .topN(_, _, _, let input), .limit(_, let input):
            [input]
        case .union(let inputs): inputs
        case .recursion(_, let base, let step): [base, step]
        case .join(_, let left, let right): [left, right]
        case .numberRows(_, let input): [input]
        }
    }
}
