package import Columnar
import Plans
package import SQLSyntax

extension Planner {
    /// The streams an INSERT reads, each once.
    ///
    /// - Errors: `PLA-201` when it reads none.
    package static func streams(of insert: InsertSyntax) throws(PlannerError) -> [QualifiedName] {
        let names = tables(in: insert.source)
        guard !names.isEmpty else { throw .unsupported("a pipeline without a stream", at: insert.position) }
        return names
    }

    /// Compiles one INSERT over streams with these columns: a program for each, in their order.
    ///
    /// - Errors: `PLA-…`; what needs more than one event at a time is `unsupported`.
    package func pipeline(
        _ insert: InsertSyntax, streams: [(name: QualifiedName, schema: Schema)]
    ) throws(PlannerError) -> [PipelineProgram] {
        guard insert.target.parts.count == 1 else {
            throw PlannerError(
                .unknownTable, "a sink has a plain name", ["sink": "\(insert.target)"],
                at: insert.target.position)
        }
        var tables = TableCatalogue()
        for (name, schema) in streams {
            tables[name] = SourceTable(
                warehouse: "", namespace: Array(name.texts.dropLast()), name: name.last.text,
                metadataLocation: "",
                snapshotID: nil, fields: schema.fields)
        }
        var settings = settings
        // Positions must stay those of the stream.
        settings.disabledPasses.formUnion(["prune_columns", "push_limits", "share_expressions"])
        let written = try bind(insert.source, tables: tables).unshared()
        let bound = OutputNames.settle(written, asTable: true)
        let plan = try Optimizer(settings: settings).run(bound).plan
        let branches = try OpenBranch.all(of: plan, insert)
        let fields = try sinkFields(of: plan, branches, insert)
        let places = ColumnPlaces.find(in: insert, count: fields.count)
        let names = (insert.columns.isEmpty ? written.schema.fields : fields).map(\.name)
        let repeated = ColumnPlaces.repeated(names).map {
            RepeatedColumn(name: names[$0], position: places[$0])
        }
        return streams.map { stream in
            PipelineProgram(
                sink: insert.target.last.text, stream: stream.name.last.text,
                branches: branches.filter { $0.stream == stream.name.last.text }
                    .map { $0.closed(names: fields.map(\.name)) },
                schema: Schema(fields), places: places, repeatedColumn: repeated)
        }
    }

    private func sinkFields(
        of plan: LogicalPlan, _ branches: [OpenBranch], _ insert: InsertSyntax
    ) throws(PlannerError) -> [Field] {
        var fields = plan.schema.fields.enumerated().map { index, field in
            Field(
                field.name, field.type,
                isRequired: !branches.isEmpty && branches.allSatisfy { $0.isRequired[index] })
        }
        if insert.columns.isEmpty { return fields }
        guard insert.columns.count == fields.count else {
            throw PlannerError(
                .unlikeShape, "INSERT names another number of columns than the query has",
                ["names": insert.columns.count, "columns": fields.count], at: insert.columns[0].position)
        }
        for (index, column) in insert.columns.enumerated() { fields[index].name = column.text }
        return fields
    }
}

/// A branch that grows with the nodes of a plan, from a stream upwards: filters and projections are folded into one step
/// until rows are made.
private struct OpenBranch {
    private static let branchLimit = 64
    private static let sizeLimit = 20_000

    let stream: String
    private var steps: [PipelineStep] = []
    private var conditions: [Expression]
    private var expressions: [Expression]
    private var names: [String]
    /// Of each column, whether it is a required field of the stream.
    private(set) var isRequired: [Bool]

    private init(_ scan: TableScan) {
        stream = scan.table
        conditions = scan.filter?.conjuncts ?? []
        expressions = scan.fields.enumerated().map { .column($0, $1.type) }
        names = scan.fields.map(\.name)
        isRequired = scan.fields.map(\.isRequired)
    }

    static func all(
        of plan: LogicalPlan, _ insert: InsertSyntax
    ) throws(PlannerError) -> [OpenBranch] {
        var branches: [OpenBranch] = []
        switch plan {
        case .scan(let scan): return [OpenBranch(scan)]
        // WHERE false: no event passes.
        case .values(let values) where values.rows.isEmpty: return []
        case .union(let inputs): for input in inputs { branches += try all(of: input, insert) }
        case .filter(_, let input), .project(_, let input), .unnest(_, let input):
            branches = try all(of: input, insert)
        default: throw refused(plan, insert)
        }
        guard branches.count <= branchLimit else {
            throw .unsupported("a pipeline of more than \(branchLimit) SELECTs", at: insert.position)
        }
        for index in branches.indices { try branches[index].add(plan, at: insert.position) }
        return branches
    }

    private mutating func add(_ node: LogicalPlan, at position: TextPosition) throws(PlannerError) {
        switch node {
        case .filter(let condition, _):
            try refuseVolatile(at: position)
            try refuseGrowth([condition], at: position)
            conditions.append(condition.substituted(expressions))
        case .project(let projection, _):
            try refuseVolatile(at: position)
            try refuseGrowth(projection.expressions, at: position)
            isRequired = projection.expressions.map { expression in
                if case .column(let index, _) = expression { isRequired[index] } else { false }
            }
            expressions = projection.expressions.map { $0.substituted(expressions) }
            names = projection.names
        case .unnest(let unnesting, _):
            let step = openStep(unnesting)
            steps.append(step)
            conditions = []
            let fields = step.output.fields
            expressions = fields.enumerated().map { .column($0, $1.type) }
            names = fields.map(\.name)
            isRequired += unnesting.types.map { _ in false }
        default: break
        }
    }

    private func openStep(_ unnesting: Unnesting? = nil, names: [String]? = nil) -> PipelineStep {
        PipelineStep(
            filter: Expression.conjunction(conditions),
            projection: Projection(expressions, names: names ?? self.names), unnesting: unnesting)
    }

    func closed(names: [String]) -> PipelineBranch { PipelineBranch(steps + [openStep(names: names)]) }

    /// A volatile column read twice would have two values.
    private func refuseVolatile(at position: TextPosition) throws(PlannerError) {
        if expressions.contains(where: \.isVolatile) {
            throw .unsupported("a random value in a subquery of a pipeline", at: position)
        }
    }

    /// Subqueries that use a column twice double its expression each time.
    private func refuseGrowth(_ outer: [Expression], at position: TextPosition) throws(PlannerError) {
        let sizes = expressions.map(\.size)
        for expression in outer where expression.substitutedSize(sizes) > Self.sizeLimit {
            throw .unsupported("a pipeline whose subqueries grow this large", at: position)
        }
    }

    private static func refused(_ plan: LogicalPlan, _ insert: InsertSyntax) -> PlannerError {
        var clauses = PipelineClauses()
        clauses.visit(insert.source)
        let found = clauses.first
        return .unsupported(
            "\(found?.name ?? "a query of this form") in a pipeline", at: found?.position ?? insert.position,
            hint: "a pipeline sees one event at a time; query the table instead")
    }
}
