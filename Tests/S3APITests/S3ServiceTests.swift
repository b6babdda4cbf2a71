import Buckets
import Effects
import Foundation
import Identity
import Octets
import S3API
import Scheduling
import Signing
import Synchronization
import Telemetry
import TestKit
import Testing
import Wire

/// Two keys: one may everything, one may only read below a prefix of one bucket.
private struct TwoKeys: S3Credentials {
    func secret(
        forAccessKey accessKey: String, sessionToken: String?, now: Instant
    ) async throws -> (secret: String, principal: Principal)? {
        switch accessKey {
        case "admin": ("secret", Principal(tokenID: "admin", scopes: [Scope(.admin)]))
        case "reader":
            (
                "secret",
                Principal(
                    tokenID: "reader", scopes: [try Scope(parsing: "storage:read:bucket=lake,prefix=web/")])
            )
        default: nil
        }
    }
}

@Suite("S3Service")
struct S3ServiceTests {
    let directory: TemporaryDirectory
    let service: S3Service
    let clock = ManualClock()
    let ledger = MemoryLedger(limit: 64 << 20)

    init() async throws {
        directory = try TemporaryDirectory()
        let pool = IOPool(name: "test-io", threads: 2)
        let store = try await BucketStore.open(
            directory: directory.path + "/objects", ioPool: pool, clock: clock,
            keyFile: KeyFile(key: [UInt8](repeating: 5, count: 32)))
        service = S3Service(
            buckets: store, objects: .own(store), pool: pool, ledger: ledger,
            credentials: TwoKeys(),
            deleteBucket: store.deleteBucket, clock: clock)
        _ = try await store.createBucket("lake")
    }

    struct Answer {
        var status: Int
        var headers: HTTPHeaders
        var text: String
        var code: String? {
            text.firstRange(of: "<Code>").flatMap { start in
                text[start.upperBound...].firstIndex(of: "<").map { String(text[start.upperBound..<$0]) }
            }
        }
    }

    func send(
        _ method: String, _ target: String, _ headers: [(name: String, value: String)] = [],
        body: String = "",
        key: String = "admin", secret: String = "secret", payloadHash: String? = nil,
        host: String = "127.0.0.1"
    ) async throws -> Answer {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let request = SigV4Request(
            method: method, rawPath: String(parts[0]), rawQuery: parts.count == 2 ? String(parts[1]) : "",
            headers: [("host", host), ("content-length", "\(body.utf8.count)")] + headers)
        let signed = SigV4Signer(accessKey: key, secret: secret).signed(
            request, payloadHash: payloadHash ?? Hex.encode(SHA256.hash(body)), now: clock.now)
        return try await answer(method, target, signed.headers, body)
    }

    func answer(
        _ method: String, _ target: String, _ headers: [(name: String, value: String)], _ body: String = ""
    ) async throws -> Answer {
        let response = await service.answer(
            Request(
                id: RequestID("r1"), method: method, target: RequestTarget(target),
                headers: HTTPHeaders(headers),
                body: RequestBody(bytes: Array(body.utf8))))
        #expect(response.headers["x-amz-request-id"] == "r1")
        var text = ""
        switch response.body {
        case .bytes(let bytes): text = String(decoding: bytes, as: UTF8.self)
        case .file(let descriptor, let offset, let length):
            let handle = FileHandle(fileDescriptor: try #require(descriptor.take()), closeOnDealloc: true)
            try handle.seek(toOffset: UInt64(offset))
            text = String(decoding: try handle.read(upToCount: Int(length)) ?? Data(), as: UTF8.self)
        case .stream(_, let write):
            let collected = Mutex<[UInt8]>([])
            try await write(ResponseWriter { piece in collected.withLock { $0 += piece } })
            text = String(decoding: collected.withLock { $0 }, as: UTF8.self)
        case .absent: break
        }
        return Answer(status: response.status, headers: response.headers, text: text)
    }

    @Test("an object comes back with its headers, whole, in part, and from its file")
    func roundTrip() async throws {
        for body in ["", "hello", String(repeating: "abcdefghij", count: 20_000)] {
            let put = try await send(
                "PUT", "/lake/a%20b/%C3%A9", [("content-type", "text/x"), ("x-amz-meta-a", "b")], body: body)
            #expect(
                put.status == 200 && put.headers["etag"] == "\"\(Hex.encode(MD5.hash(Array(body.utf8))))\"")
            let get = try await send("GET", "/lake/a%20b/%C3%A9")
            #expect(get.status == 200 && get.text == body)
            #expect(get.headers["content-type"] == "text/x" && get.headers["x-amz-meta-a"] == "b")
            guard body.utf8.count > 10 else { continue }
            let large = try await send("GET", "/lake/a%20b/%C3%A9", [("range", "bytes=1-100000")])
            #expect(large.status == 206 && large.text == String(body.dropFirst().prefix(100_000)))
            let part = try await send("GET", "/lake/a%20b/%C3%A9", [("range", "bytes=5-24")])
            #expect(part.status == 206 && part.text == "fghijabcdefghijabcde")
            #expect(part.headers["content-range"] == "bytes 5-24/200000")
        }
        #expect(
            try await send("GET", "/lake/a%20b/%C3%A9", [("range", "bytes=200000-")]).code == "InvalidRange")
        let virtual = try await send("HEAD", "/a%20b/%C3%A9", host: "lake.s3.example.org:9000")
        #expect(virtual.status == 200)
        #expect(try await send("DELETE", "/lake/a%20b/%C3%A9").status == 204)
        #expect(try await send("GET", "/lake/a%20b/%C3%A9").code == "NoSuchKey")
    }

    @Test("bodies are counted in the memory ledger: short of it uploads take less, and then wait outside")
    func memory() async throws {
        let body = String(repeating: "abcdefghij", count: 200_000)
        #expect(try await send("PUT", "/lake/big", body: body).status == 200)
        #expect(try await send("GET", "/lake/big").text == body)
        #expect(ledger.reserved == 0)
        let most = try ledger.reserve(ledger.limit - (1 << 20), for: "a test")
        #expect(try await send("PUT", "/lake/big", body: body).status == 200)
        #expect(try await send("GET", "/lake/big").text == body)
        try most.resize(to: ledger.limit - 1000)
        #expect(try await send("PUT", "/lake/big", body: body).code == "SlowDown")
        #expect(try await send("GET", "/lake/big").code == "SlowDown")
        #expect(try await send("PUT", "/lake/small", body: "x").status == 200)
        #expect(try await send("GET", "/lake/small").text == "x")
        try most.resize(to: 0)
        #expect(ledger.reserved == 0)
    }

    @Test("keys are bytes: spellings of a letter, and marks behind a slash")
    func spellings() async throws {
        for key in ["%C3%A9", "e%CC%81", "%CC%81x"] {
            #expect(try await send("PUT", "/lake/" + key, body: key).status == 200)
            let copy = try await send("PUT", "/lake/copy", [("x-amz-copy-source", "lake/" + key)])
            #expect(copy.status == 200)
            #expect(try await send("GET", "/lake/copy").text == key)
            #expect(try await send("GET", "/lake/" + key).text == key)
            #expect(try await send("POST", "/lake/\(key)/part?uploads").status == 200)
        }
        let listed = try await send("GET", "/lake?uploads&delimiter=%2F&encoding-type=url")
        for key in ["%C3%A9/", "e%CC%81/", "%CC%81x/"] {
            #expect(listed.text.contains("<Prefix>\(key)</Prefix>"), "\(listed.text)")
        }
        let inside = try await send("GET", "/lake?uploads&delimiter=%2F&prefix=e&encoding-type=url")
        #expect(inside.text.contains("<CommonPrefixes><Prefix>e%CC%81/</Prefix>"), "\(inside.text)")
    }

    @Test("conditions hold on writes and reads")
    func conditions() async throws {
        let etag = try #require(try await send("PUT", "/lake/k", body: "1").headers["etag"])
        #expect(
            try await send("PUT", "/lake/k", [("if-none-match", "*")], body: "2").code == "PreconditionFailed"
        )
        #expect(
            try await send("PUT", "/lake/k", [("if-match", "\"x\"")], body: "2").code == "PreconditionFailed")
        #expect(try await send("PUT", "/lake/none", [("if-match", etag)], body: "2").code == "NoSuchKey")
        let unchanged = try await send("GET", "/lake/k", [("if-none-match", etag)])
        #expect(unchanged.status == 304 && unchanged.headers["etag"] == etag)
        #expect(try await send("GET", "/lake/k", [("if-match", "\"x\"")]).status == 412)
        let modified = try #require(try await send("HEAD", "/lake/k").headers["last-modified"])
        #expect(try await send("GET", "/lake/k", [("if-modified-since", modified)]).status == 304)
        #expect(try await send("GET", "/lake/k", [("if-unmodified-since", modified)]).status == 200)
        #expect(try await send("PUT", "/lake/k", [("if-match", etag)], body: "3").status == 200)
        #expect(try await send("GET", "/lake/k").text == "3")
    }

    @Test("a body that is not what the client said it is leaves nothing behind")
    func integrity() async throws {
        let hash = Hex.encode(SHA256.hash("other"))
        #expect(
            try await send("PUT", "/lake/i", body: "x", payloadHash: hash).code == "XAmzContentSHA256Mismatch"
        )
        let wrong = Base64.encode(MD5.hash([1]))
        #expect(try await send("PUT", "/lake/i", [("content-md5", wrong)], body: "x").code == "BadDigest")
        #expect(try await send("PUT", "/lake/i", [("content-md5", "??")], body: "x").code == "InvalidDigest")
        #expect(
            try await send("PUT", "/lake/i", [("x-amz-checksum-crc32", "AAAAAA==")], body: "x").code
                == "BadDigest")
        #expect(
            try await send("PUT", "/lake/i", [("x-amz-checksum-crc64nvme", "AAAAAAAAAAA=")], body: "x").code
                == "BadDigest")
        #expect(try await send("GET", "/lake/i").code == "NoSuchKey")
        let value = Base64.encode(SHA256.hash("x"))
        #expect(try await send("PUT", "/lake/i", [("x-amz-checksum-sha256", value)], body: "x").status == 200)
        let get = try await send("GET", "/lake/i", [("x-amz-checksum-mode", "ENABLED")])
        #expect(get.headers["x-amz-checksum-sha256"] == value)
    }

    @Test("a chunked body with a trailer is taken apart and checked")
    func chunked() async throws {
        let word = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        let headers = [
            ("x-amz-decoded-content-length", "3"), ("content-encoding", "aws-chunked"),
            ("x-amz-trailer", "x-amz-checksum-crc32"),
        ]
        func body(_ checksum: String) -> String {
            "3\r\nabc\r\n0\r\nx-amz-checksum-crc32:\(checksum)\r\n\r\n"
        }
        // zlib.crc32(b"abc") is 0x352441C2.
        let good = try await send("PUT", "/lake/c", headers, body: body("NSRBwg=="), payloadHash: word)
        #expect(good.status == 200)
        let get = try await send("GET", "/lake/c")
        #expect(get.text == "abc" && get.headers["content-encoding"] == nil)
        let bad = try await send("PUT", "/lake/c2", headers, body: body("NSRBwQ=="), payloadHash: word)
        #expect(bad.code == "BadDigest")
        let short = try await send(
            "PUT", "/lake/c2", [("x-amz-decoded-content-length", "4")] + headers.dropFirst(),
            body: body("NSRBwg=="),
            payloadHash: word)
        #expect(short.code == "IncompleteBody")
        #expect(try await send("GET", "/lake/c2").code == "NoSuchKey")
    }

    @Test("who is not known, or may not, learns nothing")
    func access() async throws {
        _ = try await send("PUT", "/lake/web/a", body: "1")
        #expect(try await answer("GET", "/lake/web/a", [("host", "h")]).code == "AccessDenied")
        #expect(try await send("GET", "/lake/web/a", key: "nobody").code == "InvalidAccessKeyId")
        #expect(try await send("GET", "/lake/web/a", secret: "wrong").code == "SignatureDoesNotMatch")
        #expect(try await send("GET", "/lake/web/a", key: "reader").text == "1")
        #expect(try await send("GET", "/lake/other", key: "reader").code == "AccessDenied")
        #expect(try await send("GET", "/sea/web/a", key: "reader").code == "AccessDenied")
        #expect(try await send("PUT", "/lake/web/a", body: "2", key: "reader").code == "AccessDenied")
        #expect(try await send("GET", "/lake?list-type=2&prefix=web/", key: "reader").status == 200)
        #expect(try await send("GET", "/lake?list-type=2", key: "reader").code == "AccessDenied")
        let copy = [("x-amz-copy-source", "/lake/secret")]
        #expect(try await send("PUT", "/lake/web/b", copy, key: "reader").code == "AccessDenied")
        let buckets = try await send("GET", "/", key: "reader").text
        #expect(!buckets.contains("<Name>"))
    }

    @Test("several deletes in one request answer each key")
    func deletes() async throws {
        for key in ["a", "b%26c"] { _ = try await send("PUT", "/lake/\(key)", body: "1") }
        let body =
            "<?xml version=\"1.0\"?><Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><!-- all -->"
            + "<Object><Key>a</Key></Object><Object><Key>b&amp;c</Key></Object><Object><Key>none</Key></Object></Delete>"
        let answer = try await send("POST", "/lake?delete", body: body)
        #expect(answer.text.contains("<Key>a</Key>") && answer.text.contains("<Key>b&amp;c</Key>"))
        #expect(try await send("GET", "/lake/a").code == "NoSuchKey")
        #expect(try await send("POST", "/lake?delete", body: "<Delete>").code == "MalformedXML")
        #expect(try await send("POST", "/lake?delete", body: "<Delete></Delete>").code == "MalformedXML")
    }

    @Test(
        "what is not done says so, and what is wrong says what",
        arguments: [
            ("GET", "/lake?acl", "NotImplemented"), ("GET", "/lake?versions", "NotImplemented"),
            ("GET", "/lake/k?tagging", "NotImplemented"), ("PUT", "/lake?policy", "NotImplemented"),
            ("POST", "/lake/k", "NotImplemented"), ("DELETE", "/", "MethodNotAllowed"),
            ("GET", "/none", "NoSuchBucket"), ("PUT", "/La_ke", "InvalidBucketName"),
            ("PUT", "/lake", "BucketAlreadyOwnedByYou"),
            ("GET", "/lake?list-type=2&max-keys=x", "InvalidArgument"),
            ("GET", "/lake?list-type=2&continuation-token=%3F", "InvalidArgument"),
            ("GET", "/lake/%FF", "InvalidURI"),
            ("GET", "/lake/%zz", "InvalidURI"), ("POST", "/lake/k?uploadId=none", "MalformedXML"),
            ("DELETE", "/lake/k?uploadId=none", "NoSuchUpload"),
            ("PUT", "/lake/k?uploadId=n", "InvalidArgument"),
            ("GET", "/lake?cors", "NoSuchCORSConfiguration"),
            ("GET", "/lake?lifecycle", "NoSuchLifecycleConfiguration"),
            ("GET", "/lake?encryption", "ServerSideEncryptionConfigurationNotFoundError"),
            ("PUT", "/lake?cors", "MalformedXML"), ("GET", "/lake/k?attributes", "InvalidArgument"),
            ("OPTIONS", "/lake/k", "InvalidRequest"),
        ])
    func refusals(method: String, target: String, code: String) async throws {
        #expect(try await send(method, target).code == code)
    }

    @Test("parts become one object")
    func multipart() async throws {
        let started = try await send("POST", "/lake/m?uploads", [("content-type", "x/y")]).text
        let id = try #require(XMLText.first("UploadId", in: started))
        let part = try await send("PUT", "/lake/m?partNumber=3&uploadId=\(id)", body: "last")
        let etag = try #require(part.headers["etag"])
        #expect(try await send("GET", "/lake/m?uploadId=\(id)").text.contains("<PartNumber>3</PartNumber>"))
        func complete(_ etag: String) -> String {
            "<CompleteMultipartUpload><Part><PartNumber>3</PartNumber><ETag>\(etag)</ETag></Part></CompleteMultipartUpload>"
        }
        let wrong = try await send("POST", "/lake/m?uploadId=\(id)", body: complete("\"x\""))
        #expect(wrong.code == "InvalidPart")
        let done = try await send("POST", "/lake/m?uploadId=\(id)", body: complete(etag))
        #expect(done.status == 200 && done.text.contains("-1&quot;</ETag>"))
        let get = try await send("GET", "/lake/m")
        #expect(get.text == "last" && get.headers["content-type"] == "x/y")
        // Who lost the answer gets it again, until the object is another one.
        #expect(try await send("POST", "/lake/m?uploadId=\(id)", body: complete(etag)).text == done.text)
        _ = try await send("PUT", "/lake/m", body: "new")
        #expect(try await send("POST", "/lake/m?uploadId=\(id)", body: complete(etag)).code == "NoSuchUpload")
    }
}

enum XMLText {
    static func first(_ name: String, in text: String) -> String? {
        guard let start = text.firstRange(of: "<\(name)>"), let end = text.firstRange(of: "</\(name)>") else {
            return nil
        }
        return String(text[start.upperBound..<end.lowerBound])
    }
}
