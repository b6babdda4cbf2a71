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

    @Test("what a table of another name left is not had back by the name its place is called by")
    func renamedAway() async throws {
        try await fixture.populate()
        let base = self.base
        func rename() async throws -> Int {
            try await fixture.send(
                "POST", base + "/tables/rename",
                [
                    "source": ["namespace": ["web", "raw"], "name": "clicks"],
                    "destination": ["namespace": ["web"], "name": "secret"],
                ]
            ).status
        }
        let raw = base + "/namespaces/web%1Fraw"
        let made = try await fixture.send("GET", raw + "/tables/clicks")
        let file = try #require(made.body["metadata-location"])
        func register(as token: String) async throws -> Int {
            let body: JSONValue = ["name": "clicks", "metadata-location": file]
            return try await fixture.send("POST", raw + "/register", body, as: token).status
        }
        let uuid = try #require(made.body["metadata"]?["table-uuid"]?.string)
        let location = try #require(made.body["metadata"]?["location"])
        // Its own it has back.
        #expect(try await fixture.send("DELETE", raw + "/tables/clicks", as: "clicks").status == 204)
        #expect(try await register(as: "clicks") == 200)
        #expect(try await rename() == 204)
        let secret = base + "/namespaces/web/tables/secret"
        for leave in [("DELETE", ""), ("POST", "/unregister")] {
            #expect(try await fixture.send(leave.0, secret + leave.1).status < 300)
            #expect(try await register(as: "clicks") == 403)
            // Nor by a table that is made there.
            for place in [[], [["action": "set-location", "location": location]]] as [[JSONValue]] {
                let updates: [JSONValue] = [
                    ["action": "assign-uuid", "uuid": .string(uuid)],
                    ["action": "add-schema", "schema": APIFixture.schema],
                    ["action": "set-current-schema", "schema-id": -1],
                ]
                let body: JSONValue = [
                    "requirements": [["type": "assert-create"]], "updates": .array(updates + place),
                ]
                let made = try await fixture.send("POST", raw + "/tables/clicks", body, as: "clicks")
                #expect(made.status == 403 && made.errorType == "ForbiddenException", "\(made.body)")
                let change: JSONValue = [
                    "identifier": ["namespace": ["web", "raw"], "name": "clicks"],
                    "requirements": [["type": "assert-create"]], "updates": .array(updates + place),
                ]
                let all: JSONValue = ["table-changes": [change]]
                #expect(
                    try await fixture.send("POST", base + "/transactions/commit", all, as: "clicks").status
                        == 403)
            }
            let back: JSONValue = ["name": "secret", "metadata-location": file]
            #expect(try await fixture.send("POST", base + "/namespaces/web/register", back).status == 200)
        }
        // Nor what it leaves when the name becomes another table's.
        let web = base + "/namespaces/web"
        let other = try await fixture.send(
            "POST", web + "/tables", ["name": "other", "schema": APIFixture.schema])
        #expect(try await fixture.send("DELETE", web + "/tables/other").status == 204)
        for taken in [try #require(other.body["metadata-location"]), file] {
            let over: JSONValue = ["name": "secret", "metadata-location": taken, "overwrite": true]
            #expect(try await fixture.send("POST", web + "/register", over).status == 200)
            #expect(try await register(as: "clicks") >= 400)
        }
        // Whoever may have any place may have this one, and it is the name's again.
        #expect(try await fixture.send("DELETE", secret).status == 204)
        #expect(try await register(as: "root") == 200)
        #expect(try await fixture.send("DELETE", raw + "/tables/clicks").status == 204)
        #expect(try await register(as: "clicks") == 200)
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
