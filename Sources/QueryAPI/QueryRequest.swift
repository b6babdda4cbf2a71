package import Columnar
package import Identity
package import JSONText
package import Scheduling
package import Telemetry

/// A question as it came: the engine binds, authorises tables and runs it.
package struct QueryRequest: Sendable {
    package let id: RequestID
    package let sql: String
    package let bucket: String
    package let principal: Principal
    /// Cancelled when the client leaves.
    package let cancellation: CancellationToken
    /// For unqualified names; empty for none.
    package var namespace: [String] = []
    /// An array for `$1` and `?`, an object for `:name`.
    package var parameters: JSONValue = []
    package var timeoutMilliseconds: Int64?
    package var settings = JSONObject()

    package init(
        id: RequestID, sql: String, bucket: String, principal: Principal, cancellation: CancellationToken
    ) {
        self.id = id
        self.sql = sql
        self.bucket = bucket
        self.principal = principal
        self.cancellation = cancellation
    }
}

/// An answer that is still being computed.
package struct QueryAnswer: Sendable {
    package let schema: Schema
    /// The next rows; nil at the end. One caller at a time.
    package let nextBatch: @Sendable () async throws -> Batch?
    /// What it cost so far: `files_scanned`, `bytes_scanned` and so on. Asked once, behind the last batch.
    package let metrics: @Sendable () -> JSONObject

    package init(
        schema: Schema, nextBatch: @escaping @Sendable () async throws -> Batch?,
        metrics: @escaping @Sendable () -> JSONObject
    ) {
        self.schema = schema
        self.nextBatch = nextBatch
        self.metrics = metrics
    }
}
