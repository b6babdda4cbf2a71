import Catalogs
import Effects
import Iceberg
import JSONText
import Testing

@testable import CatalogAPI

@Suite("Places that a token for one namespace may choose")
struct ClaimedPlaceTests {
    private let fixture: APIFixture
    private let base = APIFixture.base

    init() async throws {
        fixture = try await APIFixture()
        for name in ["p q", "p_q"] {
            _ = try await fixture.send("POST", base + "/namespaces", ["namespace": [.string(name)]])
        }
    }

    private func create(
        _ namespace: String, _ uuid: String, _ location: String, as token: String
    ) async throws -> APIFixture.Answer {
        try await fixture.send(
            "POST", base + "/namespaces/\(namespace)/tables/t",
            [
                "requirements": [["type": "assert-create"]],
                "updates": [
                    ["action": "assign-uuid", "uuid": .string(uuid)],
                    ["action": "add-schema", "schema": APIFixture.schema],
                    ["action": "set-current-schema", "schema-id": -1],
                    ["action": "set-location", "location": .string(location)],
                ],
            ], as: token, headers: ["x-iceberg-access-delegation": "vended-credentials"])
    }

    @Test("the files of a dropped table are no namespace's of a name that only looks like its own")
    func similarNames() async throws {
        let made = try await fixture.send(
            "POST", base + "/namespaces/p_q/tables", ["name": "t", "schema": APIFixture.schema])
        let metadata = try #require(made.body["metadata"])
        let location = try #require(metadata["location"]?.string)
        let uuid = try #require(metadata["table-uuid"]?.string)
        #expect(try await fixture.send("DELETE", base + "/namespaces/p_q/tables/t").status == 204)
        let taken = "00000000-0000-4000-8000-" + uuid.suffix(12)
        for wanted in [uuid, taken] {
            let answer = try await create("p%20q", wanted, location, as: "spaced")
            #expect(answer.status == 403 && answer.body["metadata"] == nil)
        }
        #expect(try await create("p_q", uuid, location, as: "root").status == 200)
    }

    @Test("a create transaction of a namespace with an odd name ends at the place it was staged at")
    func oddNames() async throws {
        let staged = try await fixture.send(
            "POST", base + "/namespaces/p%20q/tables",
            ["name": "t", "schema": APIFixture.schema, "stage-create": true], as: "spaced")
        let metadata = try #require(staged.body["metadata"])
        let answer = try await create(
            "p%20q", try #require(metadata["table-uuid"]?.string),
            try #require(metadata["location"]?.string), as: "spaced")
        #expect(answer.status == 200, "\(answer.body)")
    }
}
