import Columnar
import Effects
import FileFormats
import Metastore
import Planner
import SQLSyntax
import Streams

/// A pipeline's SQL with everything it names looked up.
struct CompiledPipeline: Sendable {
    let program: PipelineProgram
    let stream: StreamDefinition
    let sink: SinkDefinition

    /// - Errors: what the parser and the planner say, with line and column; `STR-101`, `PIP-102`, `PIP-107`.
    static func compile(
        _ sql: String, now: Instant, streams: StreamRegistry, metastore: Metastore
    ) async throws -> CompiledPipeline {
        let statements = try SQLParser.statements(sql)
        guard statements.count == 1, case .insert(let insert) = statements[0] else {
            throw PipelinesError(
                .unsupportedStatement, "a pipeline is one INSERT INTO sink SELECT … FROM stream",
                ["statements": statements.count])
        }
        let named = try Planner.stream(of: insert)
        guard named.parts.count == 1 else {
            throw PipelinesError(
                .unsupportedStatement, "a stream has a plain name",
                ["stream": named.texts.joined(separator: ".")], at: named.position.place,
                hint: "a pipeline reads a stream, not a table: write FROM \(named.last.text)")
        }
        let streamName = named.last.text
        let stream: StreamDefinition
        do {
            stream = try streams.stream(streamName).definition
        } catch {
            guard error.code == .streamNotFound else { throw error }
            throw PipelinesError(
                .unsupportedStatement, "no stream has this name", ["stream": streamName],
                at: named.position.place,
                hint: suggestion(for: streamName, among: streams.definitions.map(\.name)),
                cause: error)
        }
        var settings = PlannerSettings(now: now)
        settings.missingJSONIsDefault = true
        let program = try Planner(settings: settings).pipeline(insert, stream: stream.schema.columns)
        let sink = try await findSink(program.sink, at: insert.target.position, metastore)
        guard program.schema.index(of: RecordPreparation.timeColumn) == nil else {
            throw PipelinesError(
                .unsupportedStatement, "the column \(RecordPreparation.timeColumn) is added by the sink",
                at: insert.position.place, hint: "give the column another name")
        }
        _ = try StorableType.schema(of: program.schema)
        return CompiledPipeline(program: program, stream: stream, sink: sink)
    }

    private static func findSink(
        _ name: String, at position: TextPosition, _ metastore: Metastore
    ) async throws -> SinkDefinition {
        let sinks = try await metastore.read { try PipelineStore.sinks($0) }
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
