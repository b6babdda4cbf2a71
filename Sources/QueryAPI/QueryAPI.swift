import Identity
import JSONText
package import Telemetry
package import Wire

/// SQL over HTTP, in the hosted service's envelope.
///
///     POST /api/v1/accounts/{account}/basin-sql/query/{bucket}   {"query":"SELECT 1"}
///
/// The body has `query`, and perhaps `namespace` (a text, or an array of levels), `parameters` (an array for `$1` and `?`, an
/// object for `:name`), `timeout_ms` and `settings`. `warehouse` is the hosted clients' own: the path says it already.
/// `Accept` chooses the envelope, NDJSON, CSV, an Arrow stream or Parquet.
package struct QueryAPI: Sendable {
    package typealias Runner = @Sendable (QueryRequest) async throws -> QueryAnswer

    private let account: String
    private let authenticator: Authenticator
    private let run: Runner

    /// Statements longer than this are refused.
    private static let bodyLimitBytes = 1 << 20

    package init(account: String, authenticator: Authenticator, run: @escaping Runner) {
        self.account = account
        self.authenticator = authenticator
        self.run = run
    }

    package func router(log: Log) -> Router {
        var router = Router(log: log) { error, _ in Envelope.failure(error) }
        for name in ["basin-sql", "r2-sql"] {
            router.add(
                "POST", "/api/v1/accounts/{account}/\(name)/query/{bucket}",
                bodyLimitBytes: Self.bodyLimitBytes
            ) { try await answer($0, log: log) }
        }
        return router
    }

    private func answer(_ request: Request, log: Log) async throws -> Response {
        let principal = try await authenticator.principal(of: request)
        guard try request.parameter("account") == account else {
            throw QueryAPIError(
                .noSuchAccount, "this node does not have the account",
                ["account": try request.parameter("account")], hint: "its account is \(account)")
        }
        let bucket = try request.parameter("bucket")
        // The engine asks about each table once it knows them.
        try principal.requireSomewhere(.sqlRead, inBucket: bucket)
        let body = try await request.jsonObject(limitBytes: Self.bodyLimitBytes)
        guard let sql = body["query"]?.string, sql.contains(where: { !$0.isWhitespace }) else {
            throw QueryAPIError(
                .noQuery, "the body has no query", hint: "send {\"query\":\"SELECT …\"}")
        }
        let media = try ResultMedia.chosen(by: request.headers["accept"])
        var query = QueryRequest(
            id: request.id, sql: sql, bucket: bucket, principal: principal,
            cancellation: request.cancellation)
        try Self.read(body, into: &query)
        let answer = try await run(query)
        let format = try media.format(answer.schema, request.id)
        return try await ResultWriter(answer: answer, format: format).response()
    }

    private static let members = [
        "query", "namespace", "parameters", "timeout_ms", "settings", "warehouse",
    ]

    /// - Errors: `QRY-105`.
    private static func read(_ body: JSONObject, into query: inout QueryRequest) throws(QueryAPIError) {
        func invalid(_ name: String, _ wanted: String) -> QueryAPIError {
            QueryAPIError(
                .invalidMember, "a member of the body has a wrong form", ["member": name],
                hint: "\(name) is \(wanted)")
        }
        // A misspelt limit would be none.
        if let name = body.names.first(where: { !members.contains($0) }) {
            throw QueryAPIError(
                .invalidMember, "the body has a member that means nothing here", ["member": name.prefix(100)],
                hint: "members are " + members.joined(separator: ", "))
        }
        switch body["namespace"] {
        case nil, .null?: break
        case .string(let text)?: query.namespace = text.split(separator: ".").map(String.init)
        case .array(let levels)?:
            query.namespace = levels.compactMap(\.string)
            if query.namespace.count != levels.count { throw invalid("namespace", "an array of texts") }
        default: throw invalid("namespace", "a text such as \"web.raw\", or an array of its levels")
        }
        switch body["parameters"] {
        case nil, .null?: break
        case .array?, .object?: query.parameters = body["parameters"] ?? []
        default: throw invalid("parameters", "an array for $1 and ?, an object for :name")
        }
        switch body["timeout_ms"] {
        case nil, .null?: break
        case .integer(let milliseconds)? where milliseconds > 0: query.timeoutMilliseconds = milliseconds
        default: throw invalid("timeout_ms", "a whole number above zero")
        }
        switch body["settings"] {
        case nil, .null?: break
        case .object(let settings)?: query.settings = settings
        default: throw invalid("settings", "an object of names and values")
        }
    }
}
