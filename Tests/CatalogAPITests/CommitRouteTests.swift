import Blobs
import Iceberg
import JSONText
import Tables
import TestKit
import Testing
import Wire

@testable import CatalogAPI

@Suite("The catalog's routes that change tables")
struct CommitRouteTests {
    private let fixture: APIFixture
    private let base = APIFixture.base
    private let tables = APIFixture.base + "/namespaces/web%1Fraw/tables"
    init() async throws {
        fixture = try await APIFixture()
        try await fixture.populate()
    }

    @Test("a commit changes the table, and its faults have the names clients know")
    func commits() async throws {
        func commit(_ body: JSONValue, table: String = "clicks") async throws -> APIFixture.Answer {
            try await fixture.send("POST", tables + "/" + table, body)
        }
        let set: JSONValue = ["action": "set-properties", "updates": ["a": "b"]]
        let good = try await commit(["requirements": [], "updates": [set]])
        #expect(good.status == 200 && good.body["metadata"]?["properties"]?["a"] == "b")
        #expect(good.body["metadata-location"]?.string?.isEmpty == false)
        let stale = try await commit([
            "requirements": [["type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": 5]],
            "updates": [set],
        ])
        #expect(stale.status == 409 && stale.errorType == "CommitFailedException")
        for body in [[:], ["requirements": []], ["updates": [set]]] as [JSONValue] {
            #expect(try await commit(body).status == 400)
        }
        #expect(try await fixture.send("POST", base + "/transactions/commit", [:]).status == 400)
        let unknown = try await commit(["requirements": [], "updates": [["action": "dance"]]])
        #expect(unknown.status == 400 && unknown.errorType == "BadRequestException")
        let requirement = try await commit(["requirements": [["type": "assert-moon"]], "updates": []])
        #expect(requirement.status == 400)
        let none = try await commit(["requirements": [], "updates": [set]], table: "none")
        #expect(none.status == 404 && none.errorType == "NoSuchTableException")
        let other = try await commit([
            "identifier": ["namespace": ["web", "raw"], "name": "other"], "requirements": [],
            "updates": [set],
        ])
        #expect(other.status == 400)
        let moved = try await commit([
            "requirements": [], "updates": [["action": "set-location", "location": "s3://lake/x"]],
        ])
        #expect(moved.status == 400)
    }

    @Test("a commit names a manifest list that is there, unless it is a conflict anyhow")
    func manifestLists() async throws {
        let location = try #require(
            try await fixture.send("GET", tables + "/clicks").body["metadata"]?["location"]?.string)
        let list = location + "/metadata/snap-1.avro"
        func commit(parent: JSONValue) async throws -> APIFixture.Answer {
            try await fixture.send(
                "POST", tables + "/clicks",
                [
                    "requirements": [
                        ["type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": parent]
                    ],
                    "updates": [
                        [
                            "action": "add-snapshot",
                            "snapshot": [
                                "snapshot-id": 1, "sequence-number": 1, "timestamp-ms": 1,
                                "manifest-list": .string(list), "summary": ["operation": "append"],
                            ],
                        ],
                        [
                            "action": "set-snapshot-ref", "ref-name": "main", "type": "branch",
                            "snapshot-id": 1,
                        ],
                    ],
                ])
        }
        let missing = try await commit(parent: nil)
        #expect(missing.status == 400 && missing.errorType == "BadRequestException")
        #expect(try await commit(parent: 9).status == 409)
        let path = try #require(BlobPath(uri: list))
        let snapshot = Snapshot(
            snapshotID: 1, parentID: nil, sequenceNumber: 1, timestampMilliseconds: 1, manifestList: list)
        let bytes = try ManifestListFile.write(
            [], of: snapshot, formatVersion: 2, sync: [UInt8](repeating: 1, count: 16))
        _ = try await fixture.store.put(path, bytes, if: .always)
        #expect(try await commit(parent: nil).status == 200)
    }

    @Test("a transaction changes several tables or none")
    func transaction() async throws {
        _ = try await fixture.send("POST", tables, ["name": "b", "schema": APIFixture.schema])
        func change(_ name: String, _ requirements: JSONValue) -> JSONValue {
            [
                "identifier": ["namespace": ["web", "raw"], "name": .string(name)],
                "requirements": requirements,
                "updates": [["action": "set-properties", "updates": ["t": "1"]]],
            ]
        }
        let path = base + "/transactions/commit"
        let bad = try await fixture.send(
            "POST", path,
            [
                "table-changes": [
                    change("clicks", []),
                    change("b", [["type": "assert-current-schema-id", "current-schema-id": 9]]),
                ]
            ])
        #expect(bad.status == 409)
        #expect(try await fixture.send("GET", tables + "/clicks").body["metadata"]?["properties"] == [:])
        let denied = try await fixture.send(
            "POST", path, ["table-changes": [change("clicks", []), change("b", [])]], as: "clicks")
        #expect(denied.status == 403)
        let good = try await fixture.send(
            "POST", path, ["table-changes": [change("clicks", []), change("b", [])]])
        #expect(good.status == 204)
        for name in ["clicks", "b"] {
            #expect(
                try await fixture.send("GET", tables + "/" + name).body["metadata"]?["properties"] == [
                    "t": "1"
                ])
        }
    }

    @Test(
        "a commit that names what the table lacks, or no version has, is a bad request and no missing table")
    func refusesUnknownParts() async throws {
        let updates: [JSONValue] = [
            ["action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": 99],
            ["action": "upgrade-format-version", "format-version": 9],
            ["action": "set-current-schema", "schema-id": 9],
        ]
        for update in updates {
            let body: JSONValue = ["requirements": [], "updates": [update]]
            let answer = try await fixture.send("POST", tables + "/clicks", body)
            #expect(answer.status == 400 && answer.errorType == "BadRequestException", "\(update)")
        }
    }
}
