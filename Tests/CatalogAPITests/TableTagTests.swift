import Catalogs
import Effects
import Iceberg
import JSONText
import TestKit
import Testing
import Wire

@testable import CatalogAPI

@Suite("The tag of a table's answer")
struct TableTagTests {
    private let fixture: APIFixture
    private let base = APIFixture.base
    private let tables = APIFixture.base + "/namespaces/web%1Fraw/tables"
    init() async throws {
        fixture = try await APIFixture()
        try await fixture.populate()
    }

    @Test("the tag of a version answers not modified until the table changes")
    func etags() async throws {
        let first = try await fixture.send("GET", tables + "/clicks")
        let etag = try #require(first.headers["etag"])
        let same = try await fixture.send("GET", tables + "/clicks", headers: ["if-none-match": etag])
        #expect(same.status == 304 && same.body == .null)
        #expect(try await fixture.send("GET", tables + "/clicks?snapshots=refs").headers["etag"] != etag)
        let changed = try await fixture.send(
            "POST", tables + "/clicks",
            ["requirements": [], "updates": [["action": "set-properties", "updates": ["a": "b"]]]])
        #expect(changed.status == 200 && changed.headers["etag"] != etag)
        #expect(
            try await fixture.send("GET", tables + "/clicks", headers: ["if-none-match": etag]).status == 200)
        #expect(try await fixture.send("GET", tables + "/clicks?snapshots=some").status == 400)
    }

    @Test("not modified is never said to who would be told of another way to the files")
    func etagsOfConfig() async throws {
        let path = tables + "/clicks"
        func load(_ access: String?, from server: APIFixture, known etag: String? = nil) async throws
            -> APIFixture.Answer
        {
            var headers: [String: String] = [:]
            headers["X-Iceberg-Access-Delegation"] = access
            headers["if-none-match"] = etag
            return try await server.send("GET", path, headers: headers)
        }
        let moved = fixture.restarted(publicS3URL: "https://s3.example.org")
        let ways: [(access: String?, server: APIFixture)] = [
            (nil, fixture), ("remote-signing", fixture), ("vended-credentials", fixture), (nil, moved),
            ("remote-signing", moved), ("vended-credentials", moved),
        ]
        for (index, way) in ways.enumerated() {
            let answer = try await load(way.access, from: way.server)
            let etag = try #require(answer.headers["etag"])
            for (other, asked) in ways.enumerated() {
                let again = try await load(asked.access, from: asked.server, known: etag)
                #expect(again.status == (other == index ? 304 : 200), "\(index) then \(other)")
                #expect((again.headers["etag"] == etag) == (other == index))
            }
        }
        // Keys that are asked for by themselves are for who signs.
        let keys = try await fixture.send(
            "GET", path + "/credentials", headers: ["X-Iceberg-Access-Delegation": "remote-signing"])
        let config = keys.body["storage-credentials"]?.array?.first?["config"]
        #expect(config?["s3.remote-signing-enabled"] == "false" && config?["s3.session-token"] != nil)
        // Its name is part of where requests are signed.
        let signed = try #require(try await load("remote-signing", from: fixture).headers["etag"])
        let renamed = try await fixture.send(
            "POST", base + "/tables/rename",
            [
                "source": ["namespace": ["web", "raw"], "name": "clicks"],
                "destination": ["namespace": ["web"], "name": "visits"],
            ])
        #expect(renamed.status == 204)
        let later = try await fixture.send(
            "GET", base + "/namespaces/web/tables/visits",
            headers: ["X-Iceberg-Access-Delegation": "remote-signing", "if-none-match": signed])
        #expect(later.status == 200)
    }

    @Test("files of one name in two folders are two versions")
    func etagsOfPlaces() async throws {
        let loaded = try await fixture.catalog.loadTable(
            TableIdentifier(namespace: Namespace(["web", "raw"]), name: "clicks"),
            in: try await fixture.catalog.warehouse(named: "lake"))
        let tags = ["s3://lake/a/v1.metadata.json", "s3://lake/b/v1.metadata.json"].map {
            TableAnswer(metadata: loaded.metadata, metadataLocation: $0).etag
        }
        #expect(tags[0] != nil && tags[0] != tags[1])
    }

    @Test("an etag is found in a list, weakened by a proxy, or as any")
    func etagLists() async throws {
        let path = tables + "/clicks"
        let etag = try #require(try await fixture.send("GET", path).headers["etag"])
        for (known, status) in [
            ("\"x\", \(etag)", 304), ("W/\(etag)", 304), ("*", 304), ("\"x\"", 200), ("junk", 200),
        ] {
            let answer = try await fixture.send("GET", path, headers: ["if-none-match": known])
            #expect(answer.status == status, "\(known)")
        }
    }
}
