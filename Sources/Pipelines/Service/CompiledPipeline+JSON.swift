import Columnar
import Effects
import JSONText
import Planner
import Plans
import Streams

extension CompiledPipeline {
    /// What `validate_sql` answers: the streams and sinks by name, the way events take, and the columns of each sink.
    ///
    /// Source: the hosted service's `PipelineValidateSqlResponse`; `columns` is ours.
    var json: JSONValue {
        var tables = JSONObject()
        var columns = JSONObject()
        for statement in statements {
            tables[statement.stream.name] = Self.table(
                statement.stream.id.hexDigits, statement.stream.name, "stream",
                version: statement.stream.version)
        }
        for statement in statements {
            tables[statement.sink.name] = Self.table(
                statement.sink.id.hexDigits, statement.sink.name, "sink", version: 1)
            columns[statement.sink.name] = Self.columns(statement.program.schema)
        }
        return ["tables": .object(tables), "graph": graph, "columns": .object(columns)]
    }

    static func columns(_ schema: Schema) -> JSONValue {
        .array(
            schema.fields.map { field in
                [
                    "name": .string(field.name), "type": .string("\(field.type)"),
                    "required": .boolean(field.isRequired),
                ]
            })
    }

    private static func table(_ id: String, _ name: String, _ type: String, version: Int64) -> JSONValue {
        ["id": .string(id), "name": .string(name), "type": .string(type), "version": .integer(version)]
    }

    /// For each stream of a statement a source, then the steps of each SELECT that reads it, then the sink.
    private var graph: JSONValue {
        var graph = PipelineGraph()
        for statement in statements {
            let source = graph.add("source", "stream \(statement.stream.name)", after: [])
            let ends = statement.program.branches.map { branch in
                branch.steps.reduce(source) { graph.add($1, after: $0) }
            }
            _ = graph.add("sink", "sink \(statement.sink.name)", after: ends.isEmpty ? [source] : ends)
        }
        return graph.json
    }
}

/// Nodes and edges as they are found.
private struct PipelineGraph {
    private var nodes: [JSONValue] = []
    private var edges: [JSONValue] = []

    var json: JSONValue { ["nodes": .array(nodes), "edges": .array(edges)] }

    mutating func add(_ operation: String, _ description: String, after previous: [Int64]) -> Int64 {
        let id = Int64(nodes.count)
        nodes.append([
            "node_id": .integer(id), "operator": .string(operation), "description": .string(description),
            "parallelism": 1,
        ])
        edges += previous.map { previous in
            [
                "src_id": .integer(previous), "dest_id": .integer(id), "edge_type": "forward",
                "key_type": "()", "value_type": "batch",
            ]
        }
        return id
    }

    /// A filter where there is one, a projection, and an unnest where rows are made of lists.
    mutating func add(_ step: PipelineStep, after previous: Int64) -> Int64 {
        var last = previous
        if let filter = step.filter { last = add("filter", "\(filter)", after: [last]) }
        last = add("projection", step.projection.names.joined(separator: ", "), after: [last])
        guard let unnesting = step.unnesting else { return last }
        return add("unnest", unnesting.names.joined(separator: ", "), after: [last])
    }
}
