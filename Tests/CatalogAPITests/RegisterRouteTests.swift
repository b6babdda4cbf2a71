import Blobs
import JSONText
import TestKit
import Testing

@testable import CatalogAPI

@Suite("Routes by which a table is let go and taken back")
struct RegisterRouteTests {
    private let fixture: APIFixture
    private let base = APIFixture.base
    private let tables = APIFixture.base + "/namespaces/web%1Fraw/tables"
    init() async throws {
        fixture = try await APIFixture()
        try await fixture.populate()
    }

    @Test("a purge of a table whose files are kept is refused, and nothing is dropped")
    func refusesPurge() async throws {
        let path = tables + "/clicks"
        let kept = try await fixture.send(
            "POST", path,
            [
                "requirements": [],
                "updates": [["action": "set-properties", "updates": ["gc.enabled": "false"]]],
            ])
        let refused = try await fixture.send("DELETE", path + "?purgeRequested=true")
        #expect(
            refused.status == 400 && refused.body["error"]?["message"]?.string?.contains("gc.enabled") == true
        )
        #expect(
            try await fixture.send("GET", path).body["metadata-location"] == kept.body["metadata-location"])
        #expect(try await fixture.send("DELETE", path).status == 204)
    }

    @Test(
        "an unregistered table is gone with its files in place, and register takes it back, also over another one"
    )
    func unregisters() async throws {
        let path = tables + "/clicks"
        let before = try await fixture.send("GET", path)
        let gone = try await fixture.send("POST", path + "/unregister")
        #expect(gone.status == 200 && gone.body["metadata"] == before.body["metadata"])
        let file = try #require(gone.body["metadata-location"])
        #expect(file == before.body["metadata-location"] && Set(gone.body.object?.names ?? []).count == 2)
        let again = try await fixture.send("POST", path + "/unregister")
        #expect(again.status == 404 && again.errorType == "NoSuchTableException")
        let commit: JSONValue = ["requirements": [], "updates": []]
        #expect(try await fixture.send("POST", path, commit).errorType == "NoSuchTableException")
        let other = try await fixture.send("POST", tables, ["name": "clicks", "schema": APIFixture.schema])
        let register = base + "/namespaces/web%1Fraw/register"
        let plain = try await fixture.send("POST", register, ["name": "clicks", "metadata-location": file])
        #expect(plain.status == 409 && plain.errorType == "AlreadyExistsException")
        let over: JSONValue = ["name": "clicks", "metadata-location": file, "overwrite": true]
        for _ in 0..<2 {
            let back = try await fixture.send("POST", register, over)
            #expect(back.status == 200 && back.body["metadata"] == before.body["metadata"])
        }
        #expect(try await fixture.send("GET", path).body["metadata-location"] == file)
        // The table that was replaced left its files, and its place is free again.
        let third: JSONValue = [
            "name": "third", "metadata-location": other.body["metadata-location"] ?? nil, "overwrite": true,
        ]
        #expect(try await fixture.send("POST", register, third).status == 200)
        let taken: JSONValue = ["name": "third", "metadata-location": file, "overwrite": true]
        #expect(try await fixture.send("POST", register, taken).errorType == "AlreadyExistsException")
        #expect(
            try await fixture.send("GET", tables + "/third").body["metadata-location"]
                == other.body["metadata-location"])
        #expect(try await fixture.send("POST", path + "/unregister", as: "reader").status == 403)
    }

    @Test("what is no metadata cannot be registered, and saying so is not an error of the server")
    func registersNoJunk() async throws {
        let place = "s3://lake/t/metadata/junk.json"
        _ = try await fixture.store.put(try #require(BlobPath(uri: place)), Array("{}".utf8), if: .always)
        for path in ["register", "register-view"] {
            for file in [place, "s3://lake/t/metadata/none.json"] {
                let answer = try await fixture.send(
                    "POST", base + "/namespaces/web/" + path,
                    ["name": "r", "metadata-location": .string(file)])
                #expect(answer.status == 400 && answer.errorType == "BadRequestException", "\(path) \(file)")
            }
        }
    }
}
