import Blobs
import JSONText
import TestKit
import Testing

@testable import CatalogAPI

@Suite("The catalog's routes of tables")
struct TableRouteTests {
    private let fixture: APIFixture
    private let base = APIFixture.base
    private let tables = APIFixture.base + "/namespaces/web%1Fraw/tables"
    init() async throws {
        fixture = try await APIFixture()
        try await fixture.populate()
    }

    @Test("a table is created with its spec, order and properties, and loaded as it is")
    func creates() async throws {
        let made = try await fixture.send(
            "POST", tables,
            [
                "name": "views", "schema": APIFixture.schema,
                "partition-spec": [
                    "spec-id": 0,
                    "fields": [["source-id": 1, "field-id": 1000, "name": "b", "transform": "bucket[4]"]],
                ],
                "write-order": [
                    "order-id": 1,
                    "fields": [
                        [
                            "source-id": 2, "transform": "identity", "direction": "asc",
                            "null-order": "nulls-last",
                        ]
                    ],
                ], "properties": ["format-version": "2", "p": "q"],
            ])
        #expect(made.status == 200)
        let loaded = try await fixture.send("GET", tables + "/views")
        let metadata = try #require(loaded.body["metadata"])
        #expect(metadata == made.body["metadata"] && metadata["format-version"] == 2)
        #expect(metadata["properties"] == ["p": "q"] && metadata["default-sort-order-id"] == 1)
        #expect(
            metadata["partition-specs"]?.array?.first?["fields"]?.array?.first?["transform"] == "bucket[4]")
        #expect(
            loaded.body["metadata-location"]?.string?.hasPrefix(metadata["location"]?.string ?? "-") == true)
        #expect(try await fixture.send("HEAD", tables + "/views").status == 204)
        let again = try await fixture.send("POST", tables, ["name": "views", "schema": APIFixture.schema])
        #expect(again.status == 409 && again.errorType == "AlreadyExistsException")
    }

    @Test("what cannot be a table is a bad request")
    func badTables() async throws {
        let bodies: [JSONValue] = [
            ["name": "t"], ["schema": APIFixture.schema], ["name": "a.b", "schema": APIFixture.schema],
            [
                "name": "t",
                "schema": [
                    "type": "struct",
                    "fields": [["id": 1, "name": "x", "required": true, "type": "nonsense"]],
                ],
            ],
            ["name": "t", "schema": APIFixture.schema, "location": "s3://sea/t"],
            ["name": "t", "schema": APIFixture.schema, "location": "/etc"],
            ["name": "t", "schema": APIFixture.schema, "stage-create": "yes"],
            [
                "name": "t", "schema": APIFixture.schema,
                "properties": ["write.data.path": "s3://lake/elsewhere"],
            ],
        ]
        for body in bodies {
            let answer = try await fixture.send("POST", tables, body)
            #expect(answer.status == 400 && answer.errorType == "BadRequestException", "\(body)")
        }
        let nowhere = try await fixture.send(
            "POST", base + "/namespaces/none/tables", ["name": "t", "schema": APIFixture.schema])
        #expect(nowhere.errorType == "NoSuchNamespaceException")
    }

    @Test("a staged table is nowhere until its commit creates it")
    func stages() async throws {
        let staged = try await fixture.send(
            "POST", tables, ["name": "late", "schema": APIFixture.schema, "stage-create": true])
        #expect(staged.status == 200 && staged.body["metadata-location"] == nil)
        #expect(try await fixture.send("HEAD", tables + "/late").status == 404)
        let metadata = try #require(staged.body["metadata"])
        let schema = try #require(metadata["schemas"]?.array?.first)
        let updates: JSONValue = [
            ["action": "assign-uuid", "uuid": metadata["table-uuid"] ?? nil],
            ["action": "upgrade-format-version", "format-version": 2],
            ["action": "add-schema", "schema": schema, "last-column-id": 2],
            ["action": "set-current-schema", "schema-id": -1],
            ["action": "add-spec", "spec": ["spec-id": 0, "fields": []]],
            ["action": "set-default-spec", "spec-id": -1],
            ["action": "add-sort-order", "sort-order": ["order-id": 0, "fields": []]],
            ["action": "set-default-sort-order", "sort-order-id": -1],
            ["action": "set-location", "location": metadata["location"] ?? nil],
        ]
        let made = try await fixture.send(
            "POST", tables + "/late", ["requirements": [["type": "assert-create"]], "updates": updates])
        #expect(made.status == 200 && made.body["metadata"]?["table-uuid"] == metadata["table-uuid"])
        #expect(try await fixture.send("HEAD", tables + "/late").status == 204)
    }

    @Test("tables are renamed, dropped, registered again, and measured")
    func rest() async throws {
        let old: JSONValue = ["namespace": ["web", "raw"], "name": "clicks"]
        let new: JSONValue = ["namespace": ["web"], "name": "visits"]
        #expect(
            try await fixture.send("POST", base + "/tables/rename", ["source": old, "destination": new])
                .status == 204)
        #expect(
            try await fixture.send("POST", base + "/tables/rename", ["source": old, "destination": new])
                .status == 404)
        let path = base + "/namespaces/web/tables/visits"
        let report: JSONValue = [
            "report-type": "scan-report", "table-name": "visits", "filter": true, "metrics": [:],
        ]
        #expect(try await fixture.send("POST", path + "/metrics", report).status == 204)
        #expect(
            try await fixture.send("POST", path + "/metrics", ["report-type": "scan-report"]).status == 400)
        for _ in 0..<2 {
            let most: JSONValue = [
                "report-type": "scan-report", "table-name": "visits", "filter": true,
                "metrics": [
                    "total-planning-duration": [
                        "count": 1, "time-unit": "nanoseconds", "total-duration": JSONValue(Int64.max),
                    ], "result-data-files": ["unit": "count", "value": JSONValue(Int64.max)],
                ],
            ]
            #expect(try await fixture.send("POST", path + "/metrics", most).status == 204)
        }
        let renamed = try await fixture.send("GET", path)
        let file = try #require(renamed.body["metadata-location"])
        #expect(try await fixture.send("DELETE", path).status == 204)
        let none = try await fixture.send("DELETE", path)
        #expect(none.status == 404 && none.errorType == "NoSuchTableException")
        let back = try await fixture.send(
            "POST", base + "/namespaces/web/register", ["name": "again", "metadata-location": file])
        #expect(back.status == 200 && back.body["metadata-location"] == file)
        #expect(
            try await fixture.send("DELETE", base + "/namespaces/web/tables/again?purgeRequested=true").status
                == 204)
        #expect(
            try await fixture.store.list(bucket: "lake", prefix: "", after: nil, limit: 9).entries.isEmpty)
    }

    @Test("a path or method nobody serves is an error in the specification's words")
    func unknownPaths() async throws {
        for (method, path, status) in [
            ("GET", base + "/nothing", 404), ("POST", "/catalog/v2/x", 404), ("PUT", tables + "/clicks", 405),
        ] {
            let answer = try await fixture.send(method, path)
            #expect(answer.status == status && answer.body["error"]?["code"] == JSONValue(status), "\(path)")
        }
    }
}
