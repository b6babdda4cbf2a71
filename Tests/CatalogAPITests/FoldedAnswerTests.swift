import Blobs
import Catalogs
import FileFormats
import JSONText
import TestKit
import Testing
import Wire

@testable import CatalogAPI

@Suite("Answers with gzip")
struct FoldedAnswerTests {
    private let fixture: APIFixture
    private let table = APIFixture.base + "/namespaces/web%1Fraw/tables/clicks"
    private let gzip = ["accept-encoding": "gzip, deflate"]

    init() async throws {
        fixture = try await APIFixture()
        try await fixture.populate()
    }

    /// Makes the table's metadata longer than `bytes`.
    private func lengthen(by bytes: Int) async throws {
        // A property may have 64 KiB.
        let count = bytes / 50_000 + 1
        let letters = JSONValue.string(String(repeating: "abcdefgh", count: bytes / count / 8 + 1))
        var values = JSONObject()
        for index in 0..<count { values["a\(index)"] = letters }
        let done = try await fixture.send(
            "POST", table,
            ["requirements": [], "updates": [["action": "set-properties", "updates": .object(values)]]])
        try #require(done.status == 200)
    }

    private func unfolded(_ answer: APIFixture.RawAnswer) throws -> JSONValue {
        #expect(answer.headers["content-encoding"] == "gzip")
        return try JSONParser.parse(try Codec.gzip.decompress(answer.bytes, limit: 1 << 24))
    }

    @Test("who takes gzip gets the same document, shorter", arguments: [4_000, 400_000])
    func folds(bytes: Int) async throws {
        try await lengthen(by: bytes)
        let plain = try await fixture.exchange("GET", table)
        let folded = try await fixture.exchange("GET", table, headers: gzip)
        #expect(plain.headers["content-encoding"] == nil && plain.bytes.count > bytes)
        #expect(folded.bytes.count * 2 < plain.bytes.count)
        #expect(try unfolded(folded) == JSONParser.parse(plain.bytes))
        for answer in [plain, folded] {
            #expect(answer.status == 200 && answer.headers["vary"] == "accept-encoding")
            #expect(answer.headers["content-type"] == "application/json")
        }
    }

    @Test("commits and lists are folded too, short answers and errors are not")
    func foldsOthers() async throws {
        try await lengthen(by: 4_000)
        let update: JSONValue = ["action": "set-properties", "updates": ["b": "c"]]
        let commit: JSONValue = ["requirements": [], "updates": [update]]
        let done = try await fixture.exchange("POST", table, commit.serialized(), headers: gzip)
        #expect(try unfolded(done)["metadata"]?["properties"]?["b"] == "c")
        for (path, status) in [("/namespaces", 200), ("/namespaces/web%1Fraw/tables/none", 404)] {
            let answer = try await fixture.exchange("GET", APIFixture.base + path, headers: gzip)
            #expect(answer.status == status && answer.headers["content-encoding"] == nil)
            #expect(try JSONParser.parse(answer.bytes) != .null)
        }
    }

    @Test("the tag of a folded answer is weak, and either tag answers not modified to either client")
    func tags() async throws {
        try await lengthen(by: 4_000)
        let strong = try #require(try await fixture.exchange("GET", table).headers["etag"])
        let weak = try #require(try await fixture.exchange("GET", table, headers: gzip).headers["etag"])
        #expect(strong.hasPrefix("\"") && weak == "W/" + strong)
        for known in [strong, weak] {
            let plain = try await fixture.exchange("GET", table, headers: ["if-none-match": known])
            let folded = try await fixture.exchange(
                "GET", table, headers: gzip.merging(["if-none-match": known]) { $1 })
            #expect(plain.status == 304 && plain.headers["etag"] == strong && plain.bytes.isEmpty)
            #expect(folded.status == 304 && folded.headers["etag"] == weak && folded.bytes.isEmpty)
            #expect(folded.headers["content-encoding"] == nil)
            #expect(folded.headers["vary"] == "accept-encoding")
        }
        try await lengthen(by: 4_008)
        let later = try await fixture.exchange(
            "GET", table, headers: gzip.merging(["if-none-match": weak]) { $1 })
        #expect(later.status == 200 && later.headers["etag"] != weak)
    }
}
