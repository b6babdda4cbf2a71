import Catalogs
import Iceberg
import JSONText
import TestKit
import Testing
import Wire

@testable import CatalogAPI

@Suite("Tables of format version 1")
struct VersionOneTests {
    private let fixture: APIFixture
    private let tables = APIFixture.base + "/namespaces/web%1Fraw/tables"

    init() async throws {
        fixture = try await APIFixture()
        try await fixture.populate()
    }

    private func create(_ name: String, stage: Bool = false, version: String = "1") async throws
        -> APIFixture.Answer
    {
        try await fixture.send(
            "POST", tables,
            [
                "name": .string(name), "schema": APIFixture.schema, "stage-create": .boolean(stage),
                "partition-spec": [
                    "spec-id": 0,
                    "fields": [["source-id": 1, "field-id": 1000, "name": "b", "transform": "bucket[4]"]],
                ],
                "properties": ["format-version": .string(version)],
            ])
    }

    private func check(_ metadata: JSONValue) {
        #expect(metadata["format-version"] == 1 && metadata["last-sequence-number"] == nil)
        // What version 1 requires beside the lists that came later.
        #expect(metadata["schema"]?["fields"]?.array?.count == 2)
        #expect(metadata["partition-spec"]?.array?.first?["transform"] == "bucket[4]")
        #expect(metadata["properties"] == [:])
    }

    @Test("one is created where the properties ask for it, and never goes beyond 1 by itself")
    func creates() async throws {
        let made = try await create("old")
        #expect(made.status == 200)
        check(try #require(made.body["metadata"]))
        let set: JSONValue = ["action": "set-properties", "updates": [:]]
        let commit: JSONValue = ["requirements": [], "updates": [set]]
        #expect(try await fixture.send("POST", tables + "/old", commit).status == 200)
        check(try #require(try await fixture.send("GET", tables + "/old").body["metadata"]))
    }

    @Test("a staged one is created by its commit", arguments: [1, 2, 3] as [Int64])
    func stages(version: Int64) async throws {
        let staged = try await create("late", stage: true, version: "\(version)")
        let metadata = try #require(staged.body["metadata"])
        #expect(metadata["format-version"] == .integer(version))
        let updates: JSONValue = [
            ["action": "assign-uuid", "uuid": metadata["table-uuid"] ?? nil],
            ["action": "upgrade-format-version", "format-version": .integer(version)],
            [
                "action": "add-schema", "schema": metadata["schemas"]?.array?.first ?? nil,
                "last-column-id": 2,
            ],
            ["action": "set-current-schema", "schema-id": -1],
            ["action": "add-spec", "spec": metadata["partition-specs"]?.array?.first ?? nil],
            ["action": "set-default-spec", "spec-id": -1],
            ["action": "set-location", "location": metadata["location"] ?? nil],
        ]
        let made = try await fixture.send(
            "POST", tables + "/late", ["requirements": [["type": "assert-create"]], "updates": updates])
        #expect(made.status == 200 && made.body["metadata"]?["format-version"] == .integer(version))
    }

    @Test("it is upgraded to 2, and no table goes back to 1")
    func upgrades() async throws {
        _ = try await create("old")
        func upgrade(to version: Int64) async throws -> APIFixture.Answer {
            let update: JSONValue = ["action": "upgrade-format-version", "format-version": .integer(version)]
            return try await fixture.send(
                "POST", tables + "/old", ["requirements": [], "updates": [update]])
        }
        let upgraded = try await upgrade(to: 2)
        #expect(upgraded.status == 200 && upgraded.body["metadata"]?["last-sequence-number"] == 0)
        #expect(upgraded.body["metadata"]?["schema"] == nil)
        #expect(try await upgrade(to: 1).status == 400)
    }

    @Test("what came with version 3 is refused, and so is a version nobody knows")
    func refuses() async throws {
        let schema: JSONValue = [
            "type": "struct", "schema-id": 0,
            "fields": [["id": 1, "name": "t", "required": false, "type": "timestamp_ns"]],
        ]
        let answer = try await fixture.send(
            "POST", tables, ["name": "t", "schema": schema, "properties": ["format-version": "1"]])
        #expect(answer.status == 400 && answer.errorType == "BadRequestException")
        for version in ["0", "4", "one", ""] {
            #expect(try await create("t", version: version).status == 400, "\(version)")
        }
    }
}
