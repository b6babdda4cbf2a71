import Effects
import Iceberg
import Identity
import JSONText
import Signing
import TestKit
import Testing
import Wire

@testable import CatalogAPI

@Suite("Signing requests to storage")
struct SignRouteTests {
    private let fixture: APIFixture
    private let tables = APIFixture.base + "/namespaces/web%1Fraw/tables"
    private let place: String
    private let folder: String

    init() async throws {
        fixture = try await APIFixture()
        try await fixture.populate()
        let loaded = try await fixture.send("GET", tables + "/clicks")
        folder = try TableLocation(loaded.body["metadata"]?["location"]?.string ?? "").key
        place = "http://127.0.0.1:9000/lake/" + folder
    }

    private func sign(
        _ method: String, _ uri: String, _ extra: JSONObject = [:], as token: String = "clicks",
        headers: JSONValue = ["Host": ["127.0.0.1:9000"], "User-Agent": ["test"]]
    ) async throws -> APIFixture.Answer {
        var body: JSONObject = [
            "region": "auto", "method": .string(method), "uri": .string(uri), "headers": headers,
        ]
        for member in extra.members { body[member.name] = member.value }
        return try await fixture.send("POST", tables + "/clicks/sign", .object(body), as: token)
    }

    @Test("a signed request verifies with keys that reach the table only")
    func signs() async throws {
        let uri = place + "/data/a%20b.parquet?partNumber=1&uploadId=u"
        let answer = try await sign(
            "PUT", uri, headers: ["Host": ["127.0.0.1:9000"], "x-amz-checksum-crc32": ["AAAA"]])
        #expect(answer.status == 200 && answer.body["uri"]?.string == uri)
        #expect(answer.headers["cache-control"] == "no-cache")
        var headers = [("host", "127.0.0.1:9000"), ("x-amz-checksum-crc32", "AAAA")]
        for member in try #require(answer.body["headers"]?.object).members {
            headers.append((member.name, try #require(member.value.array?.first?.string)))
        }
        let request = SigV4Request(
            method: "PUT", rawPath: "/lake/\(folder)/data/a%20b.parquet", rawQuery: "partNumber=1&uploadId=u",
            headers: headers)
        let authorization = try SigV4Authorization(reading: request)
        let keys = try TemporaryCredential(
            sessionToken: try #require(authorization.sessionToken), parentSecret: "",
            vendingSecret: "node's secret", now: fixture.clock.now)
        _ = try authorization.verify(request, secret: keys.secret, now: fixture.clock.now)
        #expect(authorization.accessKey == "id-clicks" && authorization.payloadHash == "UNSIGNED-PAYLOAD")
        var other = request
        other.rawPath += "x"
        #expect(throws: SigningError.self) {
            try authorization.verify(other, secret: keys.secret, now: fixture.clock.now)
        }
        let principal = keys.principal(of: Principal(tokenID: "", scopes: []))
        #expect(principal.allows(.storageWrite, on: .object("lake", folder + "/x")))
        #expect(!principal.allows(.storageRead, on: .object("lake", "x")))
        let read = try await sign("GET", place + "/data/a.parquet", as: "reader")
        #expect(read.status == 200 && read.headers["cache-control"] == "private")
    }

    @Test("what readers and writers of tables do is signed, to write only for those who may")
    func knows() async throws {
        let object = place + "/data/a.parquet"
        let list = "http://127.0.0.1:9000/lake?list-type=2&prefix=" + folder
        let reads = [
            ("GET", object), ("HEAD", object), ("GET", object + "?x-id=GetObject&partNumber=2"),
            ("GET", list + "%2Fdata"), ("GET", list + "/&delimiter=%2F&max-keys=1"),
        ]
        let writes = [
            ("PUT", object), ("DELETE", object), ("POST", object + "?uploads"),
            ("POST", object + "?uploadId=u"),
            ("DELETE", object + "?uploadId=u"), ("GET", object + "?uploadId=u"),
            ("POST", object + "?uploads="),
        ]
        for (method, uri) in reads {
            #expect(try await sign(method, uri, as: "reader").status == 200, "\(method) \(uri)")
        }
        for (method, uri) in writes {
            #expect(try await sign(method, uri).status == 200, "\(method) \(uri)")
            let denied = try await sign(method, uri, as: "reader")
            #expect(denied.status == 403, "\(method) \(uri)")
            #expect(denied.body["error"]?["message"]?.string?.contains("catalog:write") == true)
        }
        #expect(try await sign("GET", object, as: "sql").status == 403)
    }

    @Test("nothing but the table's own files is signed")
    func refuses() async throws {
        let cases: [(String, String)] = [
            ("GET", "http://127.0.0.1:9000/lake/other/a"),
            ("GET", "http://127.0.0.1:9000/sea/" + folder + "/a"),
            ("GET", place), ("GET", place + "2/a"), ("GET", place + "/../other/a"),
            ("GET", place + "/%2e%2e/other/a"), ("GET", place + "/a/%2E./b"),
            ("GET", "http://127.0.0.1:9000/lake%2Fother/" + folder + "/a"),
            ("GET", "http://127.0.0.1:9001/lake/" + folder + "/a"), ("GET", "https://127.0.0.1:9000/lake/a"),
            ("GET", "http://evil.example/lake/" + folder + "/a"),
            ("GET", "http://127.0.0.1:9000.evil.example/lake/" + folder + "/a"),
            ("GET", "http://other.127.0.0.1:9000/" + folder + "/a"),
            ("GET", "http://127.0.0.1:9000/lake?list-type=2"),
            ("GET", "http://127.0.0.1:9000/lake?list-type=2&prefix=" + folder),
            ("GET", "http://127.0.0.1:9000/lake?list-type=2&prefix=" + folder + "2/"),
            ("GET", "http://127.0.0.1:9000/lake?uploads&prefix=" + folder + "/"),
            ("DELETE", "http://127.0.0.1:9000/lake"), ("PUT", "http://127.0.0.1:9000/lake?cors"),
            ("GET", "http://127.0.0.1:9000/"), ("PUT", place + "/a?acl"), ("GET", place + "/a?versionId=1"),
            ("PUT", place + "/a?tagging"), ("OPTIONS", place + "/a"), ("PATCH", place + "/a"),
            ("GET", place + "/a?X-Amz-Signature=0"), ("POST", place + "/a"),
        ]
        for (method, uri) in cases {
            let answer = try await sign(method, uri, as: "root")
            #expect([400, 403].contains(answer.status), "\(method) \(uri): \(answer.status)")
            #expect(answer.body["headers"] == nil)
        }
        for uri in [
            "/lake/a", "http://user@127.0.0.1:9000/lake/" + folder + "/a", place + "/a b", place + "/a#b",
            place + "/%zz", place + "/a?partNumber=1&partNumber=2", place + "\\a", "",
        ] {
            #expect(try await sign("GET", uri, as: "root").status == 400, "\(uri)")
        }
    }

    @Test("what is copied from must be the table's too")
    func copies() async throws {
        func copy(_ source: String) async throws -> Int {
            try await sign(
                "PUT", place + "/b",
                headers: ["Host": ["127.0.0.1:9000"], "X-Amz-Copy-Source": [.string(source)]]
            ).status
        }
        #expect(try await copy("lake/\(folder)/a") == 200)
        #expect(try await copy("/lake/\(folder)/a%20b") == 200)
        for source in [
            "lake/other/a", "/lake/\(folder)/../x", "/lake/\(folder)/%2e%2e/x", "sea/\(folder)/a",
            "lake/\(folder)/a?versionId=1", "lake%2F..%2Fsea/\(folder)/a",
        ] {
            #expect(try await copy(source) == 403, "\(source)")
        }
    }

    @Test("what storage could read another way is not signed: two sources, another host")
    func refusesAmbiguity() async throws {
        func put(_ headers: JSONValue) async throws -> Int {
            try await sign("PUT", place + "/b", headers: headers).status
        }
        let source: JSONValue = .string("lake/\(folder)/a")
        #expect(try await put(["x-amz-copy-source": [source]]) == 200)
        #expect(try await put(["x-amz-copy-source": [source, "lake/other/a"]]) == 403)
        #expect(try await put(["x-amz-copy-source": [source], "X-Amz-Copy-Source": [source]]) == 403)
        #expect(try await put(["Host": ["127.0.0.1:9000"]]) == 200)
        for host: JSONValue in ["127.0.0.1", "sea.127.0.0.1:9000", "127.0.0.1:9001", "evil.example", ""] {
            #expect(try await put(["Host": [host]]) == 403, "\(host)")
        }
        #expect(try await put(["Host": ["127.0.0.1:9000", "evil.example"]]) == 403)
    }

    @Test("a list of keys to delete is looked at key by key, and signed with its body")
    func deletes() async throws {
        let uri = "http://127.0.0.1:9000/lake?delete"
        func body(_ keys: [String]) -> JSONObject {
            let objects = keys.map { "<Object><Key>\($0)</Key></Object>" }.joined()
            return ["body": .string("<Delete>\(objects)</Delete>")]
        }
        let good = try await sign("POST", uri, body([folder + "/a", folder + "/b&amp;c"]))
        #expect(good.status == 200)
        let text =
            "<Delete><Object><Key>\(folder)/a</Key></Object><Object><Key>\(folder)/b&amp;c</Key></Object></Delete>"
        #expect(
            good.body["headers"]?["x-amz-content-sha256"]?.array?.first?.string
                == SHA256.hash(text).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
        #expect(try await sign("POST", uri, body([folder + "/a", "other/b"])).status == 403)
        #expect(try await sign("POST", uri, body([folder + "/&#x2e;&#x2e;/b"])).status == 403)
        #expect(try await sign("POST", uri, body([])).status == 400)
        let twoKeys = "\(folder)/a</Key><Key>other/b"
        #expect(try await sign("POST", uri, body([twoKeys])).status == 400)
        #expect(try await sign("POST", uri).status == 400)
        #expect(try await sign("POST", uri, ["body": "<Delete><Object>"]).status == 400)
        #expect(try await sign("POST", uri, ["body": "<!DOCTYPE x><Delete/>"]).status == 400)
        #expect(try await sign("POST", uri, body([folder + "/a"]), as: "reader").status == 403)
    }

    @Test("bodies whose chunks are signed one by one, and other stores, are refused")
    func refusesForms() async throws {
        let chunked = try await sign(
            "PUT", place + "/a",
            headers: ["x-amz-content-sha256": ["STREAMING-AWS4-HMAC-SHA256-PAYLOAD"]])
        #expect(chunked.status == 400)
        let trailing = try await sign(
            "PUT", place + "/a", headers: ["X-Amz-Trailer": ["x-amz-checksum-crc32"]])
        #expect(
            trailing.body["headers"]?["x-amz-content-sha256"]?.array?.first
                == "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        #expect(try await sign("PUT", place + "/a", ["provider": "gcs"]).status == 400)
        #expect(try await sign("PUT", place + "/a", ["region": "a/b"]).status == 400)
        #expect(try await sign("PUT", place + "/a", headers: ["x-amz-meta": ["a\r\nb"]]).status == 400)
    }

    @Test("a client that wants its requests signed is told where")
    func tells() async throws {
        let loaded = try await fixture.send(
            "GET", tables + "/clicks", headers: ["X-Iceberg-Access-Delegation": "remote-signing"])
        #expect(loaded.body["config"]?["s3.remote-signing-enabled"] == "true")
        #expect(
            loaded.body["config"]?["s3.signer.endpoint"]
                == "v1/local_lake/namespaces/web%1Fraw/tables/clicks/sign")
        #expect(loaded.body["remote-signing-config"] != nil && loaded.body["storage-credentials"] == nil)
        let plain = try await fixture.send("GET", tables + "/clicks")
        #expect(plain.body["remote-signing-config"] == nil)
        #expect(plain.body["config"]?["s3.remote-signing-enabled"] == "false")
    }
}
