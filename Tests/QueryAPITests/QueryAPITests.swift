import Columnar
import Faults
import Identity
import JSONText
import QueryAPI
import Scheduling
import Synchronization
import Telemetry
import Testing
import Wire

@Suite("Query API")
struct QueryAPITests {
    private static let schema = Schema([Field("n", .long, isRequired: true), Field("s", .string)])

    private static func batch(_ range: Range<Int64>) -> Batch {
        Batch(
            schema: schema,
            columns: [
                Column(.long, range.map { .long($0) }), Column(.string, range.map { .string("row \($0)") }),
            ], rowCount: range.count)
    }

    /// Answers with `batches` batches of 1,000 rows, then throws `fault` if there is one.
    private func router(batches: Int, fault: (any Error)? = nil) -> Router {
        let authenticator = Authenticator { value in
            Principal(tokenID: value, scopes: [try Scope(parsing: value)])
        }
        return QueryAPI(account: "local", authenticator: authenticator) { request in
            if request.sql.hasPrefix("SELEC ") {
                throw WireError(.invalidRequest, "not the query's fault", ["sql": request.sql])
            }
            let next = Mutex(0)
            return QueryAnswer(schema: Self.schema) {
                let index = next.withLock { index in
                    defer { index += 1 }
                    return index
                }
                if index < batches { return Self.batch(Int64(index) * 1000..<Int64(index + 1) * 1000) }
                if let fault { throw fault }
                return nil
            } metrics: {
                ["files_scanned": 3]
            }
        }.router(log: .silent)
    }

    private func ask(
        _ router: Router, _ body: String = #"{"query":"SELECT 1","warehouse":"local_lake"}"#,
        path: String = "/api/v1/accounts/local/r2-sql/query/lake", token: String = "sql:read:bucket=lake"
    ) async -> Response {
        await router.answer(
            Request(
                id: RequestID("req-1"), method: "POST", target: RequestTarget(path),
                headers: ["Authorization": "Bearer \(token)"], body: RequestBody(bytes: Array(body.utf8))))
    }

    /// The body, streamed or not, and whether it ended well.
    private func body(_ response: Response) async throws -> (text: String, isWhole: Bool) {
        switch response.body {
        case .bytes(let bytes): return (String(decoding: bytes, as: UTF8.self), true)
        case .stream(_, let write):
            let whole = Mutex<[UInt8]>([])
            do {
                try await write(ResponseWriter { piece in whole.withLock { $0 += piece } })
            } catch {
                return (String(decoding: whole.withLock { $0 }, as: UTF8.self), false)
            }
            return (String(decoding: whole.withLock { $0 }, as: UTF8.self), true)
        default: return ("", false)
        }
    }

    @Test("an answer has the hosted envelope", arguments: ["r2-sql", "basin-sql"])
    func envelope(name: String) async throws {
        let response = await ask(router(batches: 0), path: "/api/v1/accounts/local/\(name)/query/lake")
        let expected =
            #"{"result":{"request_id":"req-1","schema":[{"name":"n","descriptor":{"type":{"name":"int64"},"nullable":false}},"#
            + #"{"name":"s","descriptor":{"type":{"name":"string"},"nullable":true}}],"rows":[],"metrics":{"files_scanned":3}},"#
            + #""success":true,"errors":[],"messages":[]}"#
        #expect(response.status == 200)
        #expect(try await body(response).text == expected)
    }

    @Test("small answers come whole, large ones stream, both with every row", arguments: [1, 3, 60])
    func allRows(batches: Int) async throws {
        let response = await ask(router(batches: batches))
        if case .stream = response.body { #expect(batches == 60) } else { #expect(batches < 60) }
        let (text, isWhole) = try await body(response)
        #expect(isWhole)
        let rows = try #require(try JSONParser.parse(text)["result"]?["rows"]?.array)
        #expect(rows.count == batches * 1000)
        #expect(rows.last?["n"]?.integer == Int64(batches * 1000 - 1))
        #expect(rows.last?["s"]?.string == "row \(batches * 1000 - 1)")
    }

    @Test(
        "a failure before anything went out is an error of its own, a later one an error line and an aborted transfer"
    )
    func failures() async throws {
        let fault = WireError(.invalidRequest, "it broke")
        let early = await ask(router(batches: 1, fault: fault))
        #expect(early.status == 400)
        let late = await ask(router(batches: 60, fault: fault))
        #expect(late.status == 200)
        let (text, isWhole) = try await body(late)
        #expect(!isWhole)
        let last = try #require(text.split(separator: "\n").last)
        #expect(try JSONParser.parse(String(last))["errors"]?.array?.first?["message"]?.string == "it broke")
    }

    @Test(
        "requests that are wrong are refused",
        arguments: [
            ("{", 400), ("[]", 400), ("{}", 400), (#"{"query":" \n"}"#, 400), (#"{"query":7}"#, 400),
            ("", 400), (#"{"query":"SELECT 1","timeout":5}"#, 400),
            (#"{"query":"SELECT 1","warehouse":"local_lake","settings":{},"timeout_ms":5}"#, 200),
        ])
    func badBodies(text: String, status: Int) async {
        #expect(await ask(router(batches: 0), text).status == status)
    }

    @Test("a member that means nothing is named, with those that do")
    func unknownMember() async throws {
        let response = await ask(router(batches: 0), #"{"query":"SELECT 1","timeoutMs":5}"#)
        let text = try await body(response).text
        #expect(text.contains("QRY-105") && text.contains("timeoutMs") && text.contains("timeout_ms"))
    }

    @Test("an empty query has the hosted number")
    func emptyQuery() async throws {
        let response = await ask(router(batches: 0), #"{"query":""}"#)
        let error = try JSONParser.parse(try await body(response).text)
        #expect(error["errors"]?.array?.first?["code"]?.integer == 40_003)
        #expect(error["result"]?.isNull == true && error["success"] == false)
    }

    @Test("a token needs sql:read on the bucket, and the account must be this node's")
    func permissions() async {
        #expect(await ask(router(batches: 0), token: "sql:read:bucket=pond").status == 403)
        #expect(await ask(router(batches: 0), token: "storage:write").status == 403)
        #expect(await ask(router(batches: 0), token: "admin").status == 200)
        #expect(await ask(router(batches: 0), token: "sql:read:bucket=lake,table=a.b").status == 200)
        #expect(
            await ask(router(batches: 0), path: "/api/v1/accounts/other/r2-sql/query/lake", token: "admin")
                .status == 404)
    }
}
