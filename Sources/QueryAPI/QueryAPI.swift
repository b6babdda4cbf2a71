import Identity
import JSONText
package import Telemetry
package import Wire

/// SQL over HTTP, in the hosted service's envelope.
///
///     POST /api/v1/accounts/{account}/basin-sql/query/{bucket}   {"query":"SELECT 1"}
///
/// The body has `query`; other members are the hosted clients' own and mean nothing here.
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
        let answer = try await run(
            QueryRequest(
                id: request.id, sql: sql, bucket: bucket, principal: principal,
                cancellation: request.cancellation))
        return try await ResultWriter(answer: answer, requestID: request.id, log: log).response()
    }
}
