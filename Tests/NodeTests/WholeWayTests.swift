import JSONText
import Pipelines
import Telemetry
import TestKit
import Testing
import Wire

@testable import Node

@Suite("The whole way")
struct WholeWayTests {
    private func call(
        _ router: Router, _ token: String, _ method: String, _ path: String, _ body: JSONValue? = nil
    ) async throws -> JSONValue {
        let response = await router.answer(
            Request(
                id: RequestID("r"), method: method, target: RequestTarget(path),
                headers: ["Authorization": "Bearer \(token)"],
                body: RequestBody(bytes: body?.serialized() ?? [])))
        guard case .bytes(let bytes) = response.body else { return .null }
        return try JSONParser.parse(bytes)
    }

    @Test("an event goes in over HTTP and comes out of a query")
    func eventToAnswer() async throws {
        let directory = try TemporaryDirectory()
        var settings = NodeSettings(dataDirectory: directory.path)
        settings.adminToken = "root:secret"
        settings.workerThreads = 1
        let rooms = try await NodeRooms.open(settings: settings, log: .silent)
        let running = Task { await rooms.pipelines.run() }
        let router = rooms.httpRouter(
            s3URL: "http://s3.test", publicURL: { "http://firn.test" }, readiness: Readiness())
        let base = "/client/v4/accounts/local/"
        func api(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
            let answer = try await call(router, "secret", method, base + path, body)
            #expect(answer["success"] == true, "\(path): \(answer)")
            return answer["result"] ?? .null
        }
        _ = try await api("POST", "r2/buckets", ["name": "lake"])
        _ = try await api("POST", "r2-catalog/lake/enable")
        let stream = try await api(
            "POST", "pipelines/v1/streams",
            [
                "name": "clicks",
                "schema": [
                    "fields": [
                        ["name": "id", "type": "int64", "required": true],
                        ["name": "kind", "type": "string"],
                    ]
                ],
            ])
        _ = try await api(
            "POST", "pipelines/v1/sinks",
            [
                "name": "out", "type": "r2_data_catalog", "format": ["type": "parquet"],
                "config": ["bucket": "lake", "namespace": "web", "table_name": "clicks"],
            ])
        _ = try await api(
            "POST", "pipelines/v1/pipelines",
            ["name": "p", "sql": "INSERT INTO out SELECT id, upper(kind) AS kind FROM clicks WHERE id > 0"])
        let id = try #require(stream["id"]?.string)
        let sent = try await call(
            router, "secret", "POST", "/ingest/\(id)",
            [["id": 1, "kind": "view"], ["id": 0], ["id": "x"], ["id": 2]])
        #expect(sent == ["success": true, "result": ["committed": 4]])
        _ = try await api("POST", "firn/streams/clicks/flush")
        let stats = try await api("GET", "firn/pipelines/p/stats")
        let counts = ["accepted", "passed", "filtered", "rejected", "pending"].map { stats[$0]?.integer }
        #expect(counts == [4, 2, 1, 1, 0], "\(stats)")
        let answer = try await call(
            router, "secret", "POST", "/api/v1/accounts/local/r2-sql/query/lake",
            ["query": "SELECT id, kind FROM web.clicks ORDER BY id"])
        #expect(
            answer["result"]?["rows"] == [["id": 1, "kind": "VIEW"], ["id": 2, "kind": nil]], "\(answer)")
        rooms.pipelines.stop()
        await running.value
        try await rooms.close()
    }
}
