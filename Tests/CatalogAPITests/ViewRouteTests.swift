import Blobs
import JSONText
import Testing
import Wire

@testable import CatalogAPI

@Suite("The catalog's routes of views")
struct ViewRouteTests {
    private let fixture: APIFixture
    private let base = APIFixture.base
    private let views = APIFixture.base + "/namespaces/web%1Fraw/views"
    init() async throws {
        fixture = try await APIFixture()
        try await fixture.populate()
    }

    private func request(_ name: String, location: String? = nil) -> JSONValue {
        var body: JSONObject = [
            "name": .string(name), "schema": APIFixture.schema, "properties": ["comment": "daily"],
            "view-version": version(1, "SELECT 1"),
        ]
        body["location"] = location.map { .string($0) }
        return .object(body)
    }

    private func version(_ id: Int64, _ sql: String, schema: Int64 = 0) -> JSONValue {
        [
            "version-id": .integer(id), "timestamp-ms": 1000, "schema-id": .integer(schema), "summary": [:],
            "default-namespace": ["web"],
            "representations": [["type": "sql", "sql": .string(sql), "dialect": "duckdb"]],
        ]
    }

    /// The members `LoadViewResult` and `ViewMetadata` require.
    private func requireShape(_ answer: APIFixture.Answer) throws {
        #expect(answer.status == 200, "\(answer.body)")
        #expect(answer.body["metadata-location"]?.string?.hasPrefix("s3://lake/") == true)
        let names = Set(try #require(answer.body["metadata"]?.object).names)
        #expect(
            names.isSuperset(of: [
                "view-uuid", "format-version", "location", "current-version-id", "versions", "version-log",
                "schemas",
            ]))
        #expect(answer.body["config"]?.object != nil)
    }

    @Test("a view is created, listed, loaded, replaced, renamed, dropped and registered again")
    func lives() async throws {
        let made = try await fixture.send("POST", views, request("daily"))
        try requireShape(made)
        #expect(made.body["metadata"]?["properties"] == ["comment": "daily"])
        let loaded = try await fixture.send("GET", views + "/daily")
        #expect(loaded.body == made.body)
        #expect(try await fixture.send("HEAD", views + "/daily").status == 204)
        let list = try await fixture.send("GET", views)
        #expect(list.body["identifiers"] == [["namespace": ["web", "raw"], "name": "daily"]])
        #expect(list.body["next-page-token"] == .null)
        let uuid = try #require(made.body["metadata"]?["view-uuid"])
        let replaced = try await fixture.send(
            "POST", views + "/daily",
            [
                "identifier": ["namespace": ["web", "raw"], "name": "daily"],
                "requirements": [["type": "assert-view-uuid", "uuid": uuid]],
                "updates": [
                    ["action": "add-view-version", "view-version": version(2, "SELECT 2")],
                    ["action": "set-current-view-version", "view-version-id": -1],
                ],
            ])
        try requireShape(replaced)
        #expect(replaced.body["metadata"]?["current-version-id"] == 2)
        #expect(try await fixture.send("GET", views + "/daily").body == replaced.body)
        let old: JSONValue = ["namespace": ["web", "raw"], "name": "daily"]
        let new: JSONValue = ["namespace": ["web"], "name": "day"]
        let rename: JSONValue = ["source": old, "destination": new]
        #expect(try await fixture.send("POST", base + "/views/rename", rename).status == 204)
        #expect(try await fixture.send("HEAD", views + "/daily").status == 404)
        let moved = base + "/namespaces/web/views/day"
        #expect(try await fixture.send("GET", moved).body == replaced.body)
        #expect(try await fixture.send("DELETE", moved).status == 204)
        let back = try await fixture.send(
            "POST", base + "/namespaces/web%1Fraw/register-view",
            ["name": "again", "metadata-location": replaced.body["metadata-location"] ?? nil])
        try requireShape(back)
        #expect(back.body == replaced.body)
    }

    @Test("what is missing, taken, stale or malformed has the error clients know")
    func refusals() async throws {
        _ = try await fixture.send("POST", views, request("daily"))
        let tables = base + "/namespaces/web%1Fraw/tables"
        let bad: JSONValue = ["updates": [["action": "dance"]]]
        let stale: JSONValue = [
            "requirements": [["type": "assert-view-uuid", "uuid": "x"]], "updates": [],
        ]
        let pair: JSONValue = [
            "source": ["namespace": ["web", "raw"], "name": "daily"],
            "destination": ["namespace": ["web", "raw"], "name": "clicks"],
        ]
        let back: JSONValue = [
            "source": ["namespace": ["web", "raw"], "name": "clicks"],
            "destination": ["namespace": ["web", "raw"], "name": "daily"],
        ]
        for (method, path, body, status, type) in [
            ("GET", views + "/none", nil, 404, "NoSuchViewException"),
            ("GET", views + "/clicks", nil, 404, "NoSuchViewException"),
            ("GET", tables + "/daily", nil, 404, "NoSuchTableException"),
            ("DELETE", views + "/none", nil, 404, "NoSuchViewException"),
            ("POST", views + "/none", ["updates": []], 404, "NoSuchViewException"),
            ("POST", views, request("daily"), 409, "AlreadyExistsException"),
            ("POST", views, request("clicks"), 409, "AlreadyExistsException"),
            (
                "POST", tables, ["name": "daily", "schema": APIFixture.schema], 409, "AlreadyExistsException"
            ),
            ("POST", base + "/views/rename", pair, 409, "AlreadyExistsException"),
            ("POST", base + "/tables/rename", back, 409, "AlreadyExistsException"),
            ("POST", views + "/daily", bad, 400, "BadRequestException"),
            ("POST", views + "/daily", stale, 409, "CommitFailedException"),
            ("POST", views + "/daily", [:], 400, "BadRequestException"),
            ("POST", views, ["name": "x"], 400, "BadRequestException"),
            ("POST", views, request("x", location: "s3://sea/x"), 400, "BadRequestException"),
            ("POST", base + "/namespaces/no/views", request("x"), 404, "NoSuchNamespaceException"),
            ("GET", base + "/namespaces/no/views", nil, 404, "NoSuchNamespaceException"),
            ("DELETE", base + "/namespaces/web%1Fraw", nil, 409, "NamespaceNotEmptyException"),
        ] as [(String, String, JSONValue?, Int, String)] {
            let answer = try await fixture.send(method, path, body)
            #expect(answer.status == status && answer.errorType == type, "\(method) \(path): \(answer.body)")
        }
    }

    @Test("a view and a table never share a place, and a moved view takes its place along")
    func locations() async throws {
        try requireShape(await fixture.send("POST", views, request("a", location: "s3://lake/a")))
        let inside = try await fixture.send("POST", views, request("b", location: "s3://lake/a/b"))
        #expect(inside.status == 409)
        let table = try await fixture.send(
            "POST", base + "/namespaces/web/tables",
            ["name": "t", "schema": APIFixture.schema, "location": "s3://lake/a/t"])
        #expect(table.status == 409)
        let moved = try await fixture.send(
            "POST", views + "/a", ["updates": [["action": "set-location", "location": "s3://lake/c"]]])
        try requireShape(moved)
        #expect(moved.body["metadata-location"]?.string?.hasPrefix("s3://lake/c/metadata/00001-") == true)
        try requireShape(await fixture.send("POST", views, request("b", location: "s3://lake/a/b")))
        let onto = try await fixture.send(
            "POST", views + "/a", ["updates": [["action": "set-location", "location": "s3://lake/a"]]])
        #expect(onto.status == 409)
        let keys = try await fixture.store.list(bucket: "lake", prefix: "a/metadata", after: nil, limit: 9)
        #expect(keys.entries.count == 1)
    }

    @Test("config names the routes, and a token for one table reaches no view")
    func access() async throws {
        let config = try await fixture.send("GET", "/catalog/v1/config?warehouse=lake")
        let endpoints = try #require(config.body["endpoints"]?.array).compactMap(\.string)
        let place = "/v1/{prefix}/namespaces/{namespace}"
        for endpoint in [
            "GET \(place)/views", "POST \(place)/views", "GET \(place)/views/{view}",
            "HEAD \(place)/views/{view}", "POST \(place)/views/{view}", "DELETE \(place)/views/{view}",
            "POST \(place)/register-view", "POST /v1/{prefix}/views/rename",
        ] {
            #expect(endpoints.contains(endpoint), "\(endpoint)")
        }
        _ = try await fixture.send("POST", views, request("daily"))
        #expect(try await fixture.send("GET", views, as: "clicks").body["identifiers"] == [])
        for method in ["GET", "HEAD", "DELETE"] {
            #expect(try await fixture.send(method, views + "/daily", as: "clicks").status == 403)
        }
        #expect(try await fixture.send("DELETE", views + "/daily", as: "reader").status == 403)
        #expect(try await fixture.send("GET", views + "/daily", as: "reader").status == 200)
    }
}
