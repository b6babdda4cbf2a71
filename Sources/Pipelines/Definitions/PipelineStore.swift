import Effects
import JSONText
import Metastore
import Streams

/// Sinks and pipelines in the Metastore.
enum PipelineStore {
    static let sinkLimit = 1_000
    static let pipelineLimit = 1_000

    static func sinks(_ transaction: Transaction) throws -> [SinkDefinition] {
        try transaction.query("SELECT * FROM sinks ORDER BY name LIMIT \(sinkLimit + 1)").map(sink)
    }

    /// By id or by name.
    static func sink(_ idOrName: String, _ transaction: Transaction) throws -> SinkDefinition {
        let id = UniqueID(idOrName)?.hexDigits ?? idOrName
        guard
            let row = try transaction.first(
                "SELECT * FROM sinks WHERE id = ? OR name = ? ORDER BY id = ? DESC LIMIT 1",
                [.text(id), .text(idOrName), .text(id)])
        else { throw PipelinesError(.sinkNotFound, "no such sink", ["sink": idOrName]) }
        return try sink(row)
    }

    static func insert(_ sink: SinkDefinition, _ transaction: Transaction) throws {
        try requireFreeName(sink.name, in: "sinks", limit: sinkLimit, transaction)
        try transaction.execute(
            "INSERT INTO sinks (id, name, definition, created_at, modified_at) VALUES (?, ?, ?, ?, ?)",
            [
                .text(sink.id.hexDigits), .text(sink.name), .text(sink.json.description),
                .integer(sink.createdAt.microseconds), .integer(sink.modifiedAt.microseconds),
            ])
    }

    static func change(
        _ old: SinkDefinition, to new: SinkDefinition, _ transaction: Transaction
    ) throws {
        let changed = try transaction.execute(
            "UPDATE sinks SET definition = ?, modified_at = ? WHERE id = ? AND definition = ?",
            [
                .text(new.json.description), .integer(new.modifiedAt.microseconds), .text(new.id.hexDigits),
                .text(old.json.description),
            ])
        guard changed == 1 else {
            throw PipelinesError(
                .changing, "the sink was changed meanwhile", ["sink": new.name], hint: "try again")
        }
    }

    static func delete(sink: SinkDefinition, _ transaction: Transaction) throws {
        let writers = try transaction.query(
            """
            SELECT pipelines.name FROM pipeline_progress JOIN pipelines ON pipelines.id = pipeline_id
            WHERE sink_id = ? ORDER BY pipelines.name LIMIT 10
            """, [.text(sink.id.hexDigits)])
        guard writers.isEmpty else {
            throw PipelinesError(
                .sinkInUse, "pipelines write to the sink",
                [
                    "sink": sink.name,
                    "pipelines": try writers.map { try $0.text("name") }.joined(separator: ", "),
                ],
                hint: "delete the pipelines first")
        }
        try FileWriter.forget(sink: sink.id, transaction)
        try transaction.execute("DELETE FROM sinks WHERE id = ?", [.text(sink.id.hexDigits)])
    }

    static func pipelines(_ transaction: Transaction) throws -> [PipelineDefinition] {
        let failed = try transaction.query(
            "SELECT pipeline_id, failure FROM pipeline_progress WHERE failure IS NOT NULL ORDER BY statement DESC"
        )
        // Of several failures the first statement's is told.
        var failures: [String: String] = [:]
        for row in failed { failures[try row.text("pipeline_id")] = try row.text("failure") }
        return try transaction.query("SELECT * FROM pipelines ORDER BY name LIMIT \(pipelineLimit + 1)").map {
            try pipeline($0, failure: failures[try $0.text("id")])
        }
    }

    /// The ids of those whose streams are on the node.
    static func ids(ofNode node: String, _ transaction: Transaction) throws -> Set<UniqueID> {
        Set(
            try transaction.query(
                "SELECT id FROM pipelines WHERE node_id = ? LIMIT \(pipelineLimit + 1)", [.text(node)]
            ).map { try ProgressRows.identifier($0, "id") })
    }

    /// Where it runs, by id or by name; nil when there is no such pipeline.
    static func node(of idOrName: String, _ transaction: Transaction) throws(MetastoreError) -> String? {
        let id = UniqueID(idOrName)?.hexDigits ?? idOrName
        return try transaction.first(
            "SELECT node_id FROM pipelines WHERE id = ? OR name = ? ORDER BY id = ? DESC LIMIT 1",
            [.text(id), .text(idOrName), .text(id)])?.text("node_id")
    }

    /// By id or by name.
    static func pipeline(_ idOrName: String, _ transaction: Transaction) throws -> PipelineDefinition {
        let id = UniqueID(idOrName)?.hexDigits ?? idOrName
        guard
            let row = try transaction.first(
                "SELECT * FROM pipelines WHERE id = ? OR name = ? ORDER BY id = ? DESC LIMIT 1",
                [.text(id), .text(idOrName), .text(id)])
        else { throw PipelinesError(.pipelineNotFound, "no such pipeline", ["pipeline": idOrName]) }
        let failed = try transaction.first(
            "SELECT failure FROM pipeline_progress WHERE pipeline_id = ? AND failure IS NOT NULL ORDER BY statement",
            [.text(try row.text("id"))])
        return try pipeline(row, failure: try failed?.text("failure"))
    }

    /// What failed before the node started is tried again; a pipeline without its stream stays failed.
    static func reviveFailed(ofNode node: String, _ transaction: Transaction) throws {
        try transaction.execute(
            """
            UPDATE pipelines SET status = 'running', failure_reason = NULL
            WHERE node_id = ? AND status = 'failed' AND id IN (SELECT pipeline_id FROM pipeline_progress)
            """, [.text(node)])
    }

    static func insert(
        _ pipeline: PipelineDefinition, _ progresses: [PipelineProgress], node: String = "",
        _ transaction: Transaction
    ) throws {
        try requireFreeName(pipeline.name, in: "pipelines", limit: pipelineLimit, transaction)
        try transaction.execute(
            """
            INSERT INTO pipelines (
                id, name, sql_text, status, failure_reason, created_at, modified_at, node_id, is_transaction,
                legacy_version)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(pipeline.id.hexDigits), .text(pipeline.name), .text(pipeline.sql),
                .text(pipeline.status.rawValue), SQLValue(pipeline.failureReason),
                .integer(pipeline.createdAt.microseconds), .integer(pipeline.modifiedAt.microseconds),
                .text(node), .integer(pipeline.isTransaction ? 1 : 0), SQLValue(pipeline.legacyVersion),
            ])
        for (index, progress) in progresses.enumerated() {
            try ProgressRows.insert(progress, statement: index, transaction)
        }
    }

    static func setStatus(
        _ status: PipelineDefinition.Status, of id: UniqueID, at now: Instant, _ transaction: Transaction
    ) throws {
        precondition(status != .retrying, "a passing state is not stored")
        try transaction.execute(
            "UPDATE pipelines SET status = ?, failure_reason = NULL, modified_at = ? WHERE id = ?",
            [.text(status.rawValue), .integer(now.microseconds), .text(id.hexDigits)])
    }

    /// What failed runs as it is changed; what is paused stays so.
    static func change(
        to changed: PipelineDefinition, at now: Instant, _ transaction: Transaction
    ) throws {
        try transaction.execute(
            """
            UPDATE pipelines SET sql_text = ?, is_transaction = ?, legacy_version = ?, modified_at = ?,
                failure_reason = NULL, status = CASE WHEN status = 'failed' THEN 'running' ELSE status END
            WHERE id = ?
            """,
            [
                .text(changed.sql), .integer(changed.isTransaction ? 1 : 0), SQLValue(changed.legacyVersion),
                .integer(now.microseconds), .text(changed.id.hexDigits),
            ])
    }

    static func setLegacyVersion(
        _ version: Int64, of id: UniqueID, at now: Instant, _ transaction: Transaction
    ) throws {
        try transaction.execute(
            "UPDATE pipelines SET legacy_version = ?, modified_at = ? WHERE id = ?",
            [.integer(version), .integer(now.microseconds), .text(id.hexDigits)])
    }

    /// False also where there is no such pipeline.
    static func isTransaction(_ id: UniqueID, _ transaction: Transaction) throws -> Bool {
        let row = try transaction.first(
            "SELECT is_transaction FROM pipelines WHERE id = ?", [.text(id.hexDigits)])
        return try row.map { try $0.integer("is_transaction") != 0 } ?? false
    }

    /// Nil when there is no such pipeline; failures of single statements are not looked at.
    static func storedStatus(
        of id: UniqueID, _ transaction: Transaction
    ) throws -> PipelineDefinition.Status? {
        let row = try transaction.first("SELECT status FROM pipelines WHERE id = ?", [.text(id.hexDigits)])
        return try row.flatMap { PipelineDefinition.Status(rawValue: try $0.text("status")) }
    }

    static func delete(pipeline id: UniqueID, _ transaction: Transaction) throws {
        try transaction.execute("DELETE FROM pipeline_progress WHERE pipeline_id = ?", [.text(id.hexDigits)])
        try RetiredStatements.forget(pipeline: id, transaction)
        try transaction.execute("DELETE FROM pipelines WHERE id = ?", [.text(id.hexDigits)])
    }

    private static func requireFreeName(
        _ name: String, in table: String, limit: Int, _ transaction: Transaction
    ) throws {
        let thing = String(table.dropLast())
        guard try transaction.first("SELECT id FROM \(table) WHERE name = ?", [.text(name)]) == nil else {
            throw PipelinesError(.nameTaken, "a \(thing) has this name already", ["name": name])
        }
        let count = try transaction.first("SELECT count(*) AS count FROM \(table)")?.integer("count") ?? 0
        guard count < limit else {
            throw PipelinesError(.tooMany, "there are too many \(table)", ["limit": limit])
        }
    }

    private static func sink(_ row: Row) throws -> SinkDefinition {
        var sink = try SinkDefinition(
            creating: try JSONParser.parse(try row.text("definition")),
            id: try ProgressRows.identifier(row, "id"),
            now: Instant(microseconds: try row.integer("created_at")))
        sink.modifiedAt = Instant(microseconds: try row.integer("modified_at"))
        return sink
    }

    private static func pipeline(_ row: Row, failure: String?) throws -> PipelineDefinition {
        guard var status = PipelineDefinition.Status(rawValue: try row.text("status")) else {
            throw PipelinesError(
                .corrupt, "a pipeline's status is not known", ["status": try row.text("status")])
        }
        if failure != nil, status == .running { status = .failed }
        return PipelineDefinition(
            id: try ProgressRows.identifier(row, "id"), name: try row.text("name"),
            sql: try row.text("sql_text"), isTransaction: try row.integer("is_transaction") != 0,
            status: status, failureReason: try failure ?? row.optionalText("failure_reason"),
            createdAt: Instant(microseconds: try row.integer("created_at")),
            modifiedAt: Instant(microseconds: try row.integer("modified_at")),
            legacyVersion: try row.optionalInteger("legacy_version"))
    }
}
