package import Columnar
package import Plans
package import SQLSyntax

/// One INSERT of a pipeline, ready to run on batches: a filter, then columns.
package struct PipelineProgram: Sendable, Hashable {
    package let sink: String
    package let stream: String
    /// Over the stream's columns; nil lets every event pass.
    package let filter: Expression?
    /// Over the stream's columns.
    package let projection: Projection
    /// The sink's columns; a required one is read from a required field unchanged.
    package let schema: Schema
}

extension Planner {
    /// The stream an INSERT reads.
    ///
    /// - Errors: `PLA-201` unless it reads exactly one.
    package static func stream(of insert: InsertSyntax) throws(PlannerError) -> QualifiedName {
        let names = tables(in: insert.source)
        guard names.count == 1 else {
            throw .unsupported(
                names.isEmpty ? "a pipeline without a stream" : "a pipeline over several streams",
                at: insert.position)
        }
        return names[0]
    }

    /// Compiles one INSERT over a stream with these columns.
    ///
    /// - Errors: `PLA-…`; what needs more than one event at a time is `unsupported`.
    package func pipeline(_ insert: InsertSyntax, stream schema: Schema) throws(PlannerError)
        -> PipelineProgram
    {
        let name = try Self.stream(of: insert)
        guard insert.target.parts.count == 1 else {
            throw PlannerError(
                .unknownTable, "a sink has a plain name", ["sink": "\(insert.target)"],
                at: insert.target.position)
        }
        var tables = TableCatalogue()
        tables[name] = SourceTable(
            warehouse: "", namespace: Array(name.texts.dropLast()), name: name.last.text,
            metadataLocation: "",
            snapshotID: nil, fields: schema.fields)
        var settings = settings
        // Positions must stay those of the stream.
        settings.disabledPasses.formUnion(["prune_columns", "push_limits", "share_expressions"])
        let bound = OutputNames.settle(try bind(insert.source, tables: tables))
        let plan = try Optimizer(settings: settings).run(bound).plan
        var flat = try FlatPipeline(plan, insert)
        if !insert.columns.isEmpty {
            guard insert.columns.count == flat.names.count else {
                throw PlannerError(
                    .unlikeShape, "INSERT names another number of columns than the query has",
                    ["names": insert.columns.count, "columns": flat.names.count],
                    at: insert.columns[0].position)
            }
            flat.names = insert.columns.map(\.text)
        }
        let fields = zip(flat.names, flat.expressions).map { name, expression in
            var field = Field(name, expression.type)
            if case .column(let index, _) = expression { field.isRequired = schema.fields[index].isRequired }
            return field
        }
        return PipelineProgram(
            sink: insert.target.last.text, stream: name.last.text,
            filter: Expression.conjunction(flat.conditions),
            projection: Projection(flat.expressions, names: flat.names), schema: Schema(fields))
    }
}

/// A plan of filters and projections over one scan, as one filter and one projection.
private struct FlatPipeline {
    private static let sizeLimit = 20_000

    var conditions: [Expression]
    var expressions: [Expression]
    var names: [String]

    init(_ plan: LogicalPlan, _ insert: InsertSyntax) throws(PlannerError) {
        let position = insert.position
        switch plan {
        case .scan(let scan):
            conditions = scan.filter?.conjuncts ?? []
            expressions = scan.fields.enumerated().map { .column($0, $1.type) }
            names = scan.fields.map(\.name)
        case .filter(let condition, let input):
            self = try FlatPipeline(input, insert)
            try refuseVolatile(at: position)
            try refuseGrowth([condition], at: position)
            conditions.append(condition.substituted(expressions))
        case .project(let projection, let input):
            self = try FlatPipeline(input, insert)
            try refuseVolatile(at: position)
            try refuseGrowth(projection.expressions, at: position)
            expressions = projection.expressions.map { $0.substituted(expressions) }
            names = projection.names
        case .values(let values) where values.rows.isEmpty:
            // WHERE false: every event is filtered.
            conditions = [.false]
            expressions = values.schema.fields.map { .null($0.type) }
            names = values.schema.fields.map(\.name)
        default: throw Self.refused(plan, insert)
        }
    }

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
