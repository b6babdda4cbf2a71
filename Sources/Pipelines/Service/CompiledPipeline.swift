import Catalogs
import Columnar
import Effects
import Faults
import FileFormats
import Iceberg
import JSONText
import Metastore
import Planner
import SQLSyntax
import Streams

/// What one INSERT of a pipeline makes of one stream, with everything it names looked up.
struct CompiledStatement: Sendable {
    let program: PipelineProgram
    let stream: StreamDefinition
    let sink: SinkDefinition
    /// Where the sink's name stands in the SQL.
    let target: TextPosition

    func key(of pipelineID: UniqueID) -> ProgressKey {
        ProgressKey(pipelineID: pipelineID, sinkID: sink.id, streamID: stream.id)
    }
}

/// A pipeline's SQL: one or more INSERTs, each of which carries its streams into a sink, each stream by itself.
struct CompiledPipeline: Sendable {
    static let statementLimit = 32

    let statements: [CompiledStatement]

    func statement(_ key: ProgressKey) -> CompiledStatement? {
        statements.first { $0.key(of: key.pipelineID) == key }
    }

    /// `changed` stands for the stream of its id, `changedSink` for the sink.
    ///
    /// - Errors: what the parser and the planner say, with line and column; `STR-101`, `PIP-102`, `PIP-107`.
    static func compile(
        _ sql: String, now: Instant, streams: StreamRegistry, metastore: Metastore,
        changed: StreamDefinition? = nil, changedSink: SinkDefinition? = nil
    ) async throws -> CompiledPipeline {
        let parsed = try SQLParser.placedStatements(sql)
        guard (1...statementLimit).contains(parsed.count) else {
            throw PipelinesError(
                .unsupportedStatement, "a pipeline is one or more INSERT INTO sink SELECT … FROM stream",
                ["statements": parsed.count, "limit": statementLimit],
                at: (parsed.last?.position ?? .start).place)
        }
        let sinks = try await metastore.read { try PipelineStore.sinks($0) }.map {
            $0.id == changedSink?.id ? changedSink ?? $0 : $0
        }
        var compiled: [CompiledStatement] = []
        for (index, (statement, position)) in parsed.enumerated() {
            guard case .insert(let insert) = statement else {
                throw PipelinesError(
                    .unsupportedStatement, "a pipeline is made of INSERT INTO sink SELECT … FROM stream",
                    ["statement": index + 1], at: position.place)
            }
            let found = try Planner.streams(of: insert).map { name in
                let stream = try find(name, in: streams)
                return (name, changed?.id == stream.id ? changed ?? stream : stream)
            }
            for next in try self.statements(insert, now: now, streams: found, sinks: sinks) {
                try check(next, besides: compiled)
                compiled.append(next)
            }
        }
        guard compiled.count <= statementLimit else {
            throw PipelinesError(
                .unsupportedStatement, "a pipeline carries too many streams into sinks",
                ["pairs": compiled.count, "limit": statementLimit], hint: "make several pipelines of it")
        }
        return CompiledPipeline(statements: compiled)
    }

    private static func statements(
        _ insert: InsertSyntax, now: Instant, streams: [(QualifiedName, StreamDefinition)],
        sinks: [SinkDefinition]
    ) throws -> [CompiledStatement] {
        var settings = PlannerSettings(now: now)
        settings.missingJSONIsDefault = true
        let programs = try Planner(settings: settings).pipeline(
            insert, streams: streams.map { ($0, $1.schema.columns) })
        let sink = try find(programs[0].sink, at: insert.target.position, in: sinks)
        guard programs[0].schema.index(of: RecordPreparation.timeColumn) == nil else {
            throw PipelinesError(
                .unsupportedStatement, "the column \(RecordPreparation.timeColumn) is added by the sink",
                at: insert.position.place, hint: "give the column another name")
        }
        _ = try StorableType.schema(of: programs[0].schema, at: insert.position.place)
        return zip(programs, streams).map { program, stream in
            CompiledStatement(program: program, stream: stream.1, sink: sink, target: insert.target.position)
        }
    }

    /// Progress is kept for each pair of stream and sink, and one table takes rows of one shape.
    private static func check(
        _ next: CompiledStatement, besides others: [CompiledStatement]
    ) throws(PipelinesError) {
        for other in others where other.sink.id == next.sink.id {
            guard other.stream.id != next.stream.id else {
                throw PipelinesError(
                    .unsupportedStatement, "two statements carry the same stream into the same sink",
                    ["stream": next.stream.name, "sink": next.sink.name], at: next.target.place,
                    hint: "make one statement of them with UNION ALL, or write to another sink")
            }
            let fields = other.program.schema.fields
            let isAlike =
                fields.count == next.program.schema.fields.count
                && zip(fields, next.program.schema.fields).allSatisfy {
                    $0.name == $1.name && StorableType.isSame($0.type, $1.type)
                }
            guard isAlike else {
                throw PipelinesError(
                    .unsupportedStatement, "two statements write other columns to the same sink",
                    ["sink": next.sink.name], at: next.target.place,
                    hint: "give both the same columns in the same order")
            }
        }
    }

    /// Asked of SQL that somebody gives; that of pipelines from before runs on under the names it got.
    ///
    /// - Errors: `PIP-107` with the place of a column whose name another one has.
    func requireOwnNames() throws(PipelinesError) {
        for statement in statements {
            guard let column = statement.program.repeatedColumn else { continue }
            throw PipelinesError(
                .unsupportedStatement, "two columns of a statement have one name",
                ["sink": statement.sink.name, "column": column.name], at: column.position.place,
                hint: "give one of them another name with AS")
        }
    }

    /// Looks at the tables that are there already: a mismatch is found before anything runs. A catalog that cannot be
    /// asked now is asked again by the runner.
    ///
    /// - Errors: `tableMismatch` with the column and both types, or when a view has the table's name; `PIP-107` when a
    ///   statement would write among the rejects of its own stream.
    func checkTables(_ catalog: Catalog) async throws {
        for statement in statements {
            guard let identifier = statement.sink.table else {
                try statement.requireUnstructured()
                continue
            }
            try statement.requireOwnTable(identifier)
            try await statement.requireNoView(identifier, catalog)
            let table: LoadedTable
            do {
                let warehouse = try await catalog.warehouse(named: statement.sink.bucket)
                table = try await catalog.loadTable(identifier, in: warehouse)
            } catch is CatalogError {
                continue
            }
            let columns = try StorableType.schema(of: statement.program.schema)
            try SinkTables.check(
                columns, fit: table, sink: statement.sink.name, policy: statement.sink.schemaPolicy,
                at: statement.target.place, columnPlaces: statement.columnPlaces)
        }
    }
}

extension CompiledStatement {
    fileprivate var columnPlaces: [String: FaultPlace] {
        Dictionary(
            zip(program.schema.fields.map(\.name), program.places.map(\.place)),
            uniquingKeysWith: { first, _ in first })
    }

    /// One commit changes the sink's table and the rejects: they are two tables.
    fileprivate func requireOwnTable(_ table: TableIdentifier) throws(PipelinesError) {
        guard table == RejectsTable.identifier(of: stream) else { return }
        throw PipelinesError(
            .unsupportedStatement, "the sink's table is the one for the stream's own rejects",
            ["sink": sink.name, "stream": stream.name, "table": table], at: target.place,
            hint: "write to a sink with another table")
    }

    /// A catalog that cannot be asked now is asked again by the runner.
    fileprivate func requireNoView(_ table: TableIdentifier, _ catalog: Catalog) async throws {
        do {
            let warehouse = try await catalog.warehouse(named: sink.bucket)
            guard try await catalog.viewExists(table, in: warehouse) else { return }
        } catch is CatalogError {
            return
        }
        throw PipelinesError(
            .tableMismatch, "a view has the name of the sink's table",
            ["sink": sink.name, "view": table], at: target.place,
            hint: "write to another table, or drop the view")
    }

    /// Lines that are a column's own text need one column, and text that is JSON.
    fileprivate func requireUnstructured() throws(PipelinesError) {
        guard case .json(let form) = sink.format, form.isUnstructured else { return }
        let fields = program.schema.fields
        guard fields.count == 1, fields[0].type == .json else {
            throw PipelinesError(
                .tableMismatch, "an unstructured sink takes one column of JSON",
                [
                    "sink": sink.name,
                    "written": fields.map { "\($0.name) \($0.type)" }.joined(separator: ", "),
                ], at: target.place, hint: "select one JSON value, or leave unstructured out of the format")
        }
    }
}

extension CompiledPipeline {
    private static func find(_ named: QualifiedName, in streams: StreamRegistry) throws -> StreamDefinition {
        let name = named.last.text
        guard named.parts.count == 1 else {
            throw PipelinesError(
                .unsupportedStatement, "a stream has a plain name",
                ["stream": named.texts.joined(separator: ".")], at: named.position.place,
                hint: "a pipeline reads a stream, not a table: write FROM \(name)")
        }
        do {
            return try streams.stream(name).definition
        } catch {
            guard error.code == .streamNotFound else { throw error }
            throw PipelinesError(
                .unsupportedStatement, "no stream has this name", ["stream": name], at: named.position.place,
                hint: suggestion(for: name, among: streams.definitions.map(\.name)), cause: error)
        }
    }

    private static func find(
        _ name: String, at position: TextPosition, in sinks: [SinkDefinition]
    ) throws(PipelinesError) -> SinkDefinition {
        if let sink = sinks.first(where: { $0.name == name }) { return sink }
        let hint =
            NearestName.find(name, among: sinks.map(\.name)).map { "did you mean \($0)?" }
            ?? (sinks.isEmpty ? "there is no sink yet" : "create the sink first")
        throw PipelinesError(
            .unsupportedStatement, "no sink has this name", ["sink": name], at: position.place, hint: hint)
    }

    private static func suggestion(for name: String, among names: [String]) -> String {
        if let near = NearestName.find(name, among: names) { return "did you mean \(near)?" }
        return names.isEmpty
            ? "there is no stream yet" : "the streams are " + names.prefix(8).joined(separator: ", ")
    }
}
