import Columnar
import Effects
import JSONText
import Planner
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

    /// For each statement: source, filter where there is one, projection, sink.
    private var graph: JSONValue {
        var nodes: [JSONValue] = []
        var edges: [JSONValue] = []
        func add(_ operation: String, _ description: String, after previous: Int64?) -> Int64 {
            let id = Int64(nodes.count)
            nodes.append([
                "node_id": .integer(id), "operator": .string(operation), "description": .string(description),
                "parallelism": 1,
            ])
            if let previous {
                edges.append([
                    "src_id": .integer(previous), "dest_id": .integer(id), "edge_type": "forward",
                    "key_type": "()", "value_type": "batch",
                ])
            }
            return id
        }
        for statement in statements {
            var last = add("source", "stream \(statement.stream.name)", after: nil)
            if let filter = statement.program.filter { last = add("filter", "\(filter)", after: last) }
            let names = statement.program.schema.fields.map(\.name).joined(separator: ", ")
            last = add("projection", names, after: last)
            _ = add("sink", "sink \(statement.sink.name)", after: last)
        }
        return ["nodes": .array(nodes), "edges": .array(edges)]
    }
}
