import Effects
import Iceberg
import Identity
import JSONText
import TestKit
import Testing
import Wire

@testable import CatalogAPI

@Suite("Keys that come with a table")
struct VendedKeyTests {
    private let fixture: APIFixture
    private let tables = APIFixture.base + "/namespaces/web%1Fraw/tables"
    init() async throws {
        fixture = try await APIFixture()
        try await fixture.populate()
    }

    @Test("an answer carries the keys only when they are asked for")
    func vends() async throws {
        let plain = try await fixture.send("GET", tables + "/clicks")
        #expect(plain.body["storage-credentials"] == nil)
        #expect(plain.body["config"]?["s3.endpoint"] == "http://127.0.0.1:9000")
        #expect(plain.body["config"]?["s3.access-key-id"] == nil)
        let keys = try await fixture.send(
            "GET", tables + "/clicks", as: "clicks",
            headers: ["X-Iceberg-Access-Delegation": "remote-signing, vended-credentials"])
        let entry = try #require(keys.body["storage-credentials"]?.array?.first)
        #expect(entry["config"]?["s3.access-key-id"] == "id-clicks")
        #expect(entry["config"]?["s3.region"] == "auto" && entry["config"] == keys.body["config"])
        #expect(
            entry["config"]?["client.refresh-credentials-endpoint"]
                == "v1/local_lake/namespaces/web%1Fraw/tables/clicks/credentials")
        let location = try #require(keys.body["metadata"]?["location"]?.string)
        #expect(entry["prefix"]?.string == location + "/")
        let alone = try await fixture.send("GET", tables + "/clicks/credentials", as: "clicks")
        #expect(alone.body["storage-credentials"]?.array?.first == entry)
    }

    @Test("keys reach the table's files only, to write for those who may write it, and for an hour")
    func vendsLittle() async throws {
        func principal(of token: String) async throws -> (Principal, Instant) {
            let answer = try await fixture.send("GET", tables + "/clicks/credentials", as: token)
            let config = try #require(answer.body["storage-credentials"]?.array?.first?["config"])
            let keys = try TemporaryCredential(
                sessionToken: try #require(config["s3.session-token"]?.string), parentSecret: "none",
                vendingSecret: "node's secret", now: fixture.clock.now)
            #expect(keys.secret == config["s3.secret-access-key"]?.string)
            #expect(config["s3.session-token-expires-at-ms"]?.string == "\(keys.expires.milliseconds)")
            // The parents of these have no rights on storage at all.
            return (keys.principal(of: Principal(tokenID: "id-\(token)", scopes: [])), keys.expires)
        }
        let loaded = try await fixture.send("GET", tables + "/clicks")
        let location = try TableLocation(try #require(loaded.body["metadata"]?["location"]?.string))
        let (writer, expires) = try await principal(of: "clicks")
        let (reader, _) = try await principal(of: "reader")
        let inside = Resource.object("lake", location.key + "/data/a.parquet")
        #expect(writer.allows(.storageWrite, on: inside) && writer.allows(.storageRead, on: inside))
        #expect(!reader.allows(.storageWrite, on: inside) && reader.allows(.storageRead, on: inside))
        for other in [location.key, location.key + "2/a", "a", ""] {
            #expect(!writer.allows(.storageRead, on: .object("lake", other)), "\(other)")
        }
        #expect(!writer.allows(.storageRead, on: .bucket("lake")) && !writer.allows(.catalogRead, on: inside))
        #expect(expires.microseconds - fixture.clock.now.microseconds == 3_600_000_000)
    }

    @Test("not modified is never said to a client whose keys have little time left")
    func keysOutliveTags() async throws {
        let wanted = ["X-Iceberg-Access-Delegation": "vended-credentials"]
        func tag(_ extra: [String: String] = [:]) async throws -> APIFixture.Answer {
            try await fixture.send(
                "GET", tables + "/clicks", as: "clicks", headers: wanted.merging(extra) { $1 })
        }
        let first = try await tag()
        let etag = try #require(first.headers["etag"])
        #expect(try await tag(["if-none-match": etag]).status == 304)
        let plain = try await fixture.send(
            "GET", tables + "/clicks", as: "clicks", headers: ["if-none-match": etag])
        #expect(plain.status == 200 && plain.headers["etag"] != etag)
        let mixed = try await tag(["if-none-match": try #require(plain.headers["etag"])])
        #expect(mixed.status == 200 && mixed.body["storage-credentials"] != nil)
        fixture.clock.advance(microseconds: 1_800_000_000)
        let later = try await tag(["if-none-match": etag])
        #expect(later.status == 200 && later.headers["etag"] != etag)
        #expect(later.body["storage-credentials"] != first.body["storage-credentials"])
    }
}
