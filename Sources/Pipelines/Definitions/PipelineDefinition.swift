package import Effects
package import JSONText
import Streams

/// A pipeline as it is stored; its SQL and its status change.
package struct PipelineDefinition: Sendable, Equatable {
    package enum Status: String, Sendable, CaseIterable {
        case running
        /// Somebody stopped it; its stream keeps what it has not landed.
        case paused
        /// Stopped for good; the reason says what to do.
        case failed
        /// It met a fault that may pass and tries again; shown, never stored.
        case retrying
    }

    package let id: UniqueID
    package let name: String
    package let sql: String
    /// All statements commit together, so that readers see the same events of a stream in all of its sinks.
    package let isTransaction: Bool
    package var status: Status
    package var failureReason: String?
    package let createdAt: Instant
    package var modifiedAt: Instant
    /// Of a pipeline that was made without SQL (`LegacyPipeline`): how often it was saved. Nil once somebody gives it SQL.
    package var legacyVersion: Int64?

    package static let sqlLimitBytes = 256 << 10

    /// Reads the body of a create request.
    package init(
        creating body: JSONValue, id: UniqueID, now: Instant, legacyVersion: Int64? = nil
    ) throws(PipelinesError) {
        guard body.object != nil else {
            throw PipelinesError(
                .invalidDefinition, "a pipeline is created from a JSON object", ["path": "$"])
        }
        let name = try readName(body, of: "pipeline")
        guard let sql = body["sql"]?.string, !sql.isEmpty, sql.utf8.count <= Self.sqlLimitBytes else {
            throw PipelinesError(
                .invalidDefinition, "a pipeline needs SQL",
                ["path": "$.sql", "limit-bytes": Self.sqlLimitBytes])
        }
        self.init(
            id: id, name: name, sql: sql, isTransaction: try Self.transaction(body) ?? false,
            status: .running, failureReason: nil, createdAt: now, modifiedAt: now,
            legacyVersion: legacyVersion)
    }

    /// Nil where the body says nothing of it.
    static func transaction(_ body: JSONValue) throws(PipelinesError) -> Bool? {
        guard let member = body["transaction"] else { return nil }
        if let isTransaction = member.boolean { return isTransaction }
        throw PipelinesError(
            .invalidDefinition, "whether a pipeline commits in one transaction is true or false",
            ["path": "$.transaction"])
    }

    init(
        id: UniqueID, name: String, sql: String, isTransaction: Bool = false, status: Status,
        failureReason: String?, createdAt: Instant, modifiedAt: Instant, legacyVersion: Int64? = nil
    ) {
        self.isTransaction = isTransaction
        self.id = id
        self.name = name
        self.sql = sql
        self.status = status
        self.failureReason = failureReason
        self.createdAt = createdAt
        self.modifiedAt = modifiedAt
        self.legacyVersion = legacyVersion
    }

    /// What a list shows; `tables` are the streams and sinks for the answer about one pipeline.
    package func json(tables: [PipelineTable]? = nil) -> JSONValue {
        var object: JSONObject = [
            "id": .string(id.hexDigits), "name": .string(name), "sql": .string(sql),
            "transaction": .boolean(isTransaction),
            "status": .string(status.rawValue), "created_at": .string(createdAt.rfc3339),
            "modified_at": .string(modifiedAt.rfc3339),
        ]
        guard let tables else { return .object(object) }
        object["failure_reason"] = JSONValue(failureReason)
        object["tables"] = .array(
            tables.map { table in
                [
                    "id": .string(table.id.hexDigits), "type": .string(table.kind.rawValue),
                    "name": .string(table.name), "version": .integer(table.version),
                    "latest": .integer(table.version),
                ]
            })
        return .object(object)
    }
}

/// A stream or a sink that a pipeline connects.
package struct PipelineTable: Sendable, Equatable {
    package enum Kind: String, Sendable { case stream, sink }
    package var id: UniqueID
    package var kind: Kind
    package var name: String
    package var version: Int64
}
