import Effects
import FileFormats
import JSONText
import Metastore

/// Streams as rows of the Metastore.
enum StreamRows {
    /// Those whose logs are on the node's disk.
    static func all(ofNode node: String, _ transaction: Transaction) throws -> [StreamDefinition] {
        try transaction.query(
            "SELECT * FROM streams WHERE node_id = ? ORDER BY name LIMIT \(StreamRegistry.streamLimit + 1)",
            [.text(node)]
        ).map(definition)
    }

    private static let allLimit = 100 * StreamRegistry.streamLimit

    /// Those of all nodes.
    static func all(_ transaction: Transaction) throws -> [StreamDefinition] {
        try transaction.query("SELECT * FROM streams ORDER BY name LIMIT \(allLimit)").map(definition)
    }

    /// Whose it is, by id or by name; nil when there is no such stream.
    static func node(
        of idOrName: String, _ transaction: Transaction
    ) throws(MetastoreError) -> String? {
        let id = UniqueID(idOrName)?.hexDigits ?? idOrName
        return try transaction.first(
            "SELECT node_id FROM streams WHERE id = ? OR name = ? ORDER BY id = ? DESC LIMIT 1",
            [.text(id), .text(idOrName), .text(id)])?.text("node_id")
    }

    static func get(_ id: UniqueID, _ transaction: Transaction) throws -> StreamDefinition {
        guard
            let row = try transaction.first("SELECT * FROM streams WHERE id = ?", [.text(id.hexDigits)])
        else { throw StreamsError(.streamNotFound, "no such stream", ["stream": id.hexDigits]) }
        return try definition(row)
    }

    static func insert(
        _ stream: StreamDefinition, node: String = "", _ transaction: Transaction
    ) throws {
        let taken = try transaction.first("SELECT id FROM streams WHERE name = ?", [.text(stream.name)])
        guard taken == nil else {
            throw StreamsError(.nameTaken, "a stream has this name already", ["name": stream.name])
        }
        try transaction.execute(
            """
            INSERT INTO streams (id, name, definition, version, created_at, modified_at, node_id)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(stream.id.hexDigits), .text(stream.name), .text(text(stream)), .integer(stream.version),
                .integer(stream.createdAt.microseconds), .integer(stream.modifiedAt.microseconds),
                .text(node),
            ])
    }

    static func update(_ stream: StreamDefinition, _ transaction: Transaction) throws {
        try transaction.execute(
            "UPDATE streams SET definition = ?, version = ?, modified_at = ? WHERE id = ?",
            [
                .text(text(stream)), .integer(stream.version), .integer(stream.modifiedAt.microseconds),
                .text(stream.id.hexDigits),
            ])
    }

    static func delete(_ stream: StreamDefinition, force: Bool, _ transaction: Transaction) throws {
        let id = SQLValue.text(stream.id.hexDigits)
        // Somebody may have deleted it since it was looked up.
        _ = try get(stream.id, transaction)
        let readers = try transaction.query(
            """
            SELECT pipelines.name FROM pipeline_progress JOIN pipelines ON pipelines.id = pipeline_id
            WHERE stream_id = ? ORDER BY pipelines.name LIMIT 10
            """, [id])
        if !readers.isEmpty, !force {
            throw StreamsError(
                .streamInUse, "pipelines read the stream",
                [
                    "stream": stream.name,
                    "pipelines": try readers.map { try $0.text("name") }.joined(separator: ", "),
                ],
                hint: "delete the pipelines first, or use force")
        }
        try transaction.execute(
            """
            UPDATE pipelines SET status = 'failed', failure_reason = ?
            WHERE id IN (SELECT pipeline_id FROM pipeline_progress WHERE stream_id = ?)
            """, [.text("its stream \(stream.name) was deleted: change its SQL or delete it"), id])
        try transaction.execute("DELETE FROM pipeline_progress WHERE stream_id = ?", [id])
        // The directory goes after the row; a crash between the two is made good when its node starts again.
        try transaction.execute(
            "INSERT INTO deleted_streams (id, node_id) SELECT id, node_id FROM streams WHERE id = ?", [id])
        try transaction.execute("DELETE FROM streams WHERE id = ?", [id])
    }

    /// Deleted streams of the node whose directories may still be there.
    static func deleted(ofNode node: String = "", _ transaction: Transaction) throws -> [UniqueID] {
        try transaction.query(
            "SELECT id FROM deleted_streams WHERE node_id = ? ORDER BY id LIMIT 10000", [.text(node)]
        ).map { try identifier($0, "id") }
    }

    static func forgetDeleted(_ id: UniqueID, _ transaction: Transaction) throws {
        try transaction.execute("DELETE FROM deleted_streams WHERE id = ?", [.text(id.hexDigits)])
    }

    /// Who reads the stream, and the first record each has not landed: what its log must not trim.
    static func readers(
        of stream: UniqueID, _ transaction: Transaction
    ) throws -> [(consumer: String, landed: LogOffset)] {
        try transaction.query(
            """
            SELECT * FROM pipeline_progress WHERE stream_id = ?
            ORDER BY pipeline_id, sink_id LIMIT \(LogConsumer.limit + 1)
            """,
            [.text(stream.hexDigits)]
        ).map { row in
            guard let event = Int(exactly: try row.integer("next_event")) else {
                throw StreamsError(.corrupt, "a pipeline's offset does not decode")
            }
            return (
                LogConsumer.name(
                    pipeline: try identifier(row, "pipeline_id"), sink: try identifier(row, "sink_id")),
                LogOffset(record: try row.integer("next_record"), event: event)
            )
        }
    }

    private static func identifier(_ row: Row, _ column: String) throws -> UniqueID {
        guard let id = UniqueID(try row.text(column)) else {
            throw StreamsError(
                .corrupt, "an id does not decode", ["column": column, "text": try row.text(column)])
        }
        return id
    }

    private static func text(_ stream: StreamDefinition) -> String {
        String(decoding: JSONValue.object(stream.settings).serialized(), as: UTF8.self)
    }

    private static func definition(_ row: Row) throws -> StreamDefinition {
        let id = try identifier(row, "id")
        let settings = try JSONParser.parse(try row.text("definition"))
        var stream = try StreamDefinition(
            creating: settings, id: id, now: Instant(microseconds: try row.integer("created_at")))
        stream.version = try row.integer("version")
        stream.modifiedAt = Instant(microseconds: try row.integer("modified_at"))
        return stream
    }
}
