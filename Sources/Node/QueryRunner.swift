import Columnar
import Identity
import JSONText
import QueryAPI
import Sessions

/// Joins the SQL interface with the session: whose rights, which warehouse, which rows.
struct QueryRunner: Sendable {
    let session: Session
    let account: String

    /// - Errors: what the session says; `IDN-102` for a table or namespace the caller may not touch.
    func run(_ query: QueryRequest) async throws -> QueryAnswer {
        var request = StatementRequest(sql: query.sql, warehouse: "\(account)_\(query.bucket)")
        request.owner = query.principal.tokenID
        request.cancellation = query.cancellation
        request.authorize = { access in
            try Self.authorize(access, bucket: query.bucket, principal: query.principal)
        }
        request.namespace = query.namespace
        try request.apply(parameters: query.parameters)
        try request.apply(settings: query.settings)
        if let timeout = query.timeoutMilliseconds { request.settings.timeoutMilliseconds = timeout }
        let result = try await session.run(request)
        let cursor = StatementCursor(result.batches)
        return QueryAnswer(
            schema: result.schema, nextBatch: { try await cursor.next() },
            metrics: { Self.json(result.metrics(), queryID: result.queryID) })
    }

    private static func authorize(
        _ access: StatementAccess, bucket: String, principal: Principal
    ) throws(IdentityError) {
        switch access {
        case .readTable(let namespace, let table):
            try principal.require(.sqlRead, on: .table(bucket, namespace, table))
        case .list(let namespace):
            guard let namespace else {
                return try principal.requireSomewhere(.sqlRead, inBucket: bucket)
            }
            if !principal.mayKnow(ofNamespace: namespace, inBucket: bucket, .sqlRead) {
                try principal.require(.sqlRead, on: .namespace(bucket, namespace))
            }
        case .changeNamespace(let levels):
            try principal.require(.sqlWrite, on: .namespace(bucket, levels))
        case .changeTable(let namespace, let table):
            try principal.require(.sqlWrite, on: .table(bucket, namespace, table))
        case .placeFiles(let key): try principal.require(.storageWrite, on: .object(bucket, key))
        }
    }

    /// The hosted service's names, then ours.
    private static func json(_ metrics: QueryMetrics, queryID: String) -> JSONObject {
        [
            "r2_requests_count": .integer(metrics.storeRequests),
            "files_scanned": .integer(metrics.filesScanned),
            "bytes_scanned": .integer(metrics.bytesScanned), "cache_hits": .integer(metrics.cacheHits),
            "row_groups_scanned": .integer(metrics.rowGroupsScanned),
            "row_groups_skipped": .integer(metrics.rowGroupsSkipped), "query_id": .string(queryID),
        ]
    }
}

/// Reads a statement's rows one batch at a time, from whichever task asks; one asks at a time.
private actor StatementCursor {
    private var iterator: StatementBatches.Iterator

    init(_ batches: StatementBatches) { iterator = batches.makeAsyncIterator() }

    func next() async throws -> Batch? {
        var moving = iterator
        defer { iterator = moving }
        return try await moving.next()
    }
}
