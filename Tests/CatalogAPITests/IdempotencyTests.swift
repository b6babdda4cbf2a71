import Blobs
import Catalogs
import Effects
import JSONText
import Metastore
import TestKit
import Testing
import Wire

@testable import CatalogAPI

@Suite("Requests with an idempotency key")
struct IdempotencyTests {
    private let fixture: APIFixture
    private let base = APIFixture.base
    init() async throws {
        fixture = try await APIFixture()
        try await fixture.populate()
    }

    private static func key(_ number: UInt64) -> String {
        UniqueID(high: 0x0190_0000_0000_7000 | number, low: 0x8000_0000_0000_0001).description
    }

    private func send(
        _ method: String, _ path: String, _ body: JSONValue? = nil, key: UInt64, as token: String = "root",
        headers: [String: String] = [:]
    ) async throws -> APIFixture.Answer {
        var headers = headers
        headers["idempotency-key"] = Self.key(key)
        return try await fixture.send(method, base + path, body, as: token, headers: headers)
    }

    private let tables = "/namespaces/web%1Fraw/tables"

    @Test("every change that came before is answered as before and not made again")
    func repeats() async throws {
        let requests: [(String, String, JSONValue?)] = [
            ("POST", "/namespaces", ["namespace": ["new"], "properties": ["a": "b"]]),
            ("POST", "/namespaces/new/properties", ["removals": ["a", "x"], "updates": ["c": "d"]]),
            ("POST", tables, ["name": "t", "schema": APIFixture.schema]),
            (
                "POST", tables + "/t",
                ["requirements": [], "updates": [["action": "set-properties", "updates": ["k": "v"]]]]
            ),
            (
                "POST", "/transactions/commit",
                [
                    "table-changes": [
                        [
                            "identifier": ["namespace": ["web", "raw"], "name": "t"], "requirements": [],
                            "updates": [["action": "set-properties", "updates": ["k": "w"]]],
                        ]
                    ]
                ]
            ),
            (
                "POST", "/tables/rename",
                [
                    "source": ["namespace": ["web", "raw"], "name": "t"],
                    "destination": ["namespace": ["new"], "name": "u"],
                ]
            ),
            ("POST", "/namespaces/new/tables/u/unregister", nil),
            ("DELETE", tables + "/clicks", nil),
            ("DELETE", "/namespaces/new", nil),
        ]
        var first: [APIFixture.Answer] = []
        for (index, request) in requests.enumerated() {
            let answer = try await send(request.0, request.1, request.2, key: UInt64(index))
            #expect(answer.status < 300, "\(request.1): \(answer.body)")
            first.append(answer)
        }
        for (index, request) in requests.enumerated() where index != 2 && index != 3 {
            let again = try await send(request.0, request.1, request.2, key: UInt64(index))
            #expect(again.status == first[index].status && again.body == first[index].body, "\(request.1)")
        }
        #expect(try await fixture.send("HEAD", base + "/namespaces/new").status == 404)
    }

    @Test("a created table answers with fresh keys and what it is by now; keys are not stored")
    func freshAnswers() async throws {
        let delegation = ["x-iceberg-access-delegation": "vended-credentials"]
        let body: JSONValue = ["name": "t", "schema": APIFixture.schema]
        let made = try await send("POST", tables, body, key: 1, headers: delegation)
        _ = try await fixture.send(
            "POST", base + tables + "/t",
            ["requirements": [], "updates": [["action": "set-properties", "updates": ["k": "v"]]]])
        let again = try await send("POST", tables, body, key: 1, headers: delegation)
        #expect(again.status == 200 && again.body["metadata"]?["properties"]?["k"] == "v")
        #expect(again.body["metadata"]?["table-uuid"] == made.body["metadata"]?["table-uuid"])
        #expect(again.body["storage-credentials"] == made.body["storage-credentials"])
        let stored = try fixture.databaseText()
        let keys = try #require(made.body["config"]?["s3.secret-access-key"]?.string)
        #expect(stored.contains(Self.key(1)) && !stored.contains(keys))
    }

    @Test("of a table that was renamed out of reach a repetition gives no keys")
    func noKeysForWhatWasRenamed() async throws {
        let delegation = ["x-iceberg-access-delegation": "vended-credentials"]
        let create: JSONValue = ["name": "t", "schema": APIFixture.schema]
        let stage: JSONValue = ["name": "s", "schema": APIFixture.schema, "stage-create": true]
        #expect(
            try await send("POST", tables, create, key: 1, headers: delegation).body["storage-credentials"]
                != nil)
        let staged = try await send("POST", tables, stage, key: 2, headers: delegation)
        let again = try await send("POST", tables, stage, key: 2, headers: delegation)
        #expect(again.body["storage-credentials"] != nil && again.body == staged.body)
        let metadata = try #require(staged.body["metadata"])
        let made = try await fixture.send(
            "POST", base + tables + "/s",
            [
                "requirements": [["type": "assert-create"]],
                "updates": [
                    ["action": "assign-uuid", "uuid": metadata["table-uuid"] ?? .null],
                    ["action": "add-schema", "schema": metadata["schemas"]?.array?[0] ?? .null],
                    ["action": "set-current-schema", "schema-id": -1],
                    ["action": "set-location", "location": metadata["location"] ?? .null],
                ],
            ])
        #expect(made.status == 200, "\(made.body)")
        #expect(
            try await send("POST", tables, stage, key: 2, headers: delegation).body["storage-credentials"]
                != nil)
        for name in ["t", "s"] {
            let renamed = try await fixture.send(
                "POST", base + "/tables/rename",
                [
                    "source": ["namespace": ["web", "raw"], "name": .string(name)],
                    "destination": ["namespace": ["web"], "name": .string("moved_" + name)],
                ])
            #expect(renamed.status == 204, "\(renamed.body)")
        }
        for (body, key) in [(create, 1), (stage, 2)] as [(JSONValue, UInt64)] {
            let late = try await send("POST", tables, body, key: key, headers: delegation)
            #expect(late.status == 200 && late.body["metadata"] != nil)
            #expect(
                late.body["storage-credentials"] == nil && late.body["config"]?["s3.secret-access-key"] == nil
            )
        }
    }

    @Test("a staged table is the same one when it is asked for again")
    func staged() async throws {
        let body: JSONValue = ["name": "s", "schema": APIFixture.schema, "stage-create": true]
        let first = try await send("POST", tables, body, key: 1)
        fixture.clock.advance(microseconds: 5_000_000)
        let again = try await send("POST", tables, body, key: 1)
        #expect(first.status == 200 && again.body == first.body)
        #expect(try await send("POST", tables, body, key: 2).body != first.body)
    }

    @Test("of a table that is purged a repetition finds nothing, in memory or not")
    func purged() async throws {
        let body: JSONValue = ["name": "p", "schema": APIFixture.schema]
        #expect(try await send("POST", tables, body, key: 1).status == 200)
        let drop = base + tables + "/p?purgeRequested=true"
        #expect(try await fixture.send("DELETE", drop).status == 204)
        let again = try await send("POST", tables, body, key: 1)
        #expect(again.status == 404 && again.errorType == "NoSuchTableException")
    }

    @Test("refusals that a repetition cannot change are final, those it can are not")
    func refusals() async throws {
        let missing = try await send("DELETE", tables + "/late", key: 1)
        #expect(missing.status == 404 && missing.errorType == "NoSuchTableException")
        _ = try await fixture.send("POST", base + tables, ["name": "late", "schema": APIFixture.schema])
        #expect(try await send("DELETE", tables + "/late", key: 1).body == missing.body)
        #expect(try await send("DELETE", tables + "/late", key: 2, as: "reader").status == 403)
        fixture.failing.failNext(.put)
        let body: JSONValue = ["name": "f", "schema": APIFixture.schema]
        #expect(try await send("POST", tables, body, key: 3).status >= 500)
        #expect(try await send("POST", tables, body, key: 3).status == 200)
        #expect(try await send("POST", tables, body, key: 4).status == 409)
        _ = try await fixture.send("DELETE", base + tables + "/f")
        #expect(try await send("POST", tables, body, key: 4).status == 409)
    }

    @Test("a key belongs to one request of one caller, and is a UUID of version 7")
    func scope() async throws {
        let body: JSONValue = ["namespace": ["one"]]
        #expect(try await send("POST", "/namespaces", body, key: 1).status == 200)
        #expect(try await send("POST", "/namespaces", ["namespace": ["two"]], key: 1).status == 422)
        #expect(try await send("POST", "/namespaces", body, key: 1, as: "web").status == 403)
        #expect(try await send("POST", "/namespaces", body, key: 2).status == 409)
        for key in ["", "x", "01900000-0000-4000-8000-000000000001", "019000000000700080000000000000ff"] {
            let answer = try await fixture.send(
                "POST", base + "/namespaces", body, headers: ["idempotency-key": key])
            #expect(answer.status == 400, "\(key)")
        }
        let config = try await fixture.send("GET", "/catalog/v1/config?warehouse=local_lake")
        #expect(config.body["idempotency-key-lifetime"] == "PT30M")
    }

    @Test("a key that was used for one operation is refused for every other, and nothing is done")
    func otherOperations() async throws {
        let body: JSONValue = ["namespace": ["one"], "name": "t", "schema": APIFixture.schema]
        #expect(try await send("POST", "/namespaces", body, key: 1).status == 200)
        let others = [
            ("POST", tables), ("DELETE", tables + "/clicks"), ("DELETE", "/namespaces/one"),
            ("DELETE", tables + "/clicks?purgeRequested=true"), ("POST", "/namespaces?x=y"),
        ]
        for (method, path) in others {
            let answer = try await send(method, path, body, key: 1)
            #expect(answer.status == 422 && answer.errorType == "UnprocessableEntityException", "\(path)")
        }
        #expect(try await fixture.send("HEAD", base + tables + "/clicks").status == 204)
        #expect(try await fixture.send("HEAD", base + tables + "/t").status == 404)
        #expect(try await send("POST", "/namespaces", body, key: 1).status == 200)
        #expect(try await send("DELETE", tables + "/clicks", key: 1, as: "web").status == 204)
    }

    @Test("of equal requests at the same time one is done and all get its answer")
    func inFlight() async throws {
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await send("POST", "/namespaces", ["namespace": ["busy"]], key: 9).status
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses == Array(repeating: 200, count: 20))
    }

    @Test("an answer is forgotten after its time, and cleaned away")
    func expires() async throws {
        let body: JSONValue = ["namespace": ["one"]]
        #expect(try await send("POST", "/namespaces", body, key: 1).status == 200)
        fixture.clock.advance(microseconds: 1_800_000_000)
        #expect(try await send("POST", "/namespaces", body, key: 1).status == 200)
        fixture.clock.advance(microseconds: 200_000_000)
        #expect(try await send("POST", "/namespaces", body, key: 1).status == 409)
        await fixture.catalog.maintain()
        fixture.clock.advance(microseconds: 2_000_000_000)
        await fixture.catalog.maintain()
        let rows = try await fixture.metastore.read { try $0.query("SELECT * FROM idempotency_keys") }
        #expect(rows.isEmpty)
    }
}
