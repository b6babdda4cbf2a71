import Effects
import S3API
import Signing
import Telemetry
import TestKit
import Testing
import Wire

extension S3ServiceTests {
    private static let old = "Thu, 01 Jan 2015 00:00:00 GMT"

    @Test("a delete with a condition that does not hold changes nothing, and one of nothing succeeds")
    func conditionalDelete() async throws {
        let etag = try #require(try await send("PUT", "/lake/k", body: "abc").headers["etag"])
        let modified = try #require(try await send("HEAD", "/lake/k").headers["last-modified"])
        let wrong = [
            ("if-match", "\"x\""), ("x-amz-if-match-size", "4"),
            ("x-amz-if-match-last-modified-time", Self.old),
        ]
        for header in wrong {
            #expect(try await send("DELETE", "/lake/k", [header]).code == "PreconditionFailed", "\(header)")
        }
        #expect(try await send("DELETE", "/lake/k", [("x-amz-if-match-size", "x")]).code == "InvalidArgument")
        #expect(try await send("GET", "/lake/k").text == "abc")
        let right = [
            ("if-match", etag), ("x-amz-if-match-size", "3"), ("x-amz-if-match-last-modified-time", modified),
        ]
        #expect(try await send("DELETE", "/lake/k", right).status == 204)
        #expect(try await send("GET", "/lake/k").code == "NoSuchKey")
        for header in wrong {
            #expect(try await send("DELETE", "/lake/k", [header]).status == 204, "\(header)")
        }
        _ = try await send("PUT", "/lake/k", body: "abc")
        #expect(try await send("DELETE", "/lake/k", [("if-match", "*")]).status == 204)
        #expect(try await send("GET", "/lake/k").code == "NoSuchKey")
    }

    @Test("each of several deletes has conditions of its own")
    func conditionalDeletes() async throws {
        var etags: [String] = []
        for key in ["a", "b", "c", "d"] {
            etags.append(try #require(try await send("PUT", "/lake/\(key)", body: key).headers["etag"]))
        }
        let quoted = etags[0].split(separator: "\"").joined()
        let answer = try await send(
            "POST", "/lake?delete",
            body: """
                <Delete><Object><Key>a</Key><ETag>&quot;\(quoted)&quot;</ETag></Object>\
                <Object><Key>b</Key><ETag>x</ETag></Object>\
                <Object><Key>c</Key><Size>7</Size></Object>\
                <Object><Key>d</Key><LastModifiedTime>\(Self.old)</LastModifiedTime></Object>\
                <Object><Key>none</Key><ETag>x</ETag></Object></Delete>
                """)
        #expect(answer.text.contains("<Deleted><Key>a</Key></Deleted><Deleted><Key>none</Key></Deleted>"))
        for key in ["b", "c", "d"] {
            let refused = "<Error><Key>\(key)</Key><Code>PreconditionFailed</Code>"
            #expect(answer.text.contains(refused), "\(answer.text)")
            #expect(try await send("GET", "/lake/\(key)").status == 200)
        }
        #expect(try await send("GET", "/lake/a").code == "NoSuchKey")
    }

    @Test("a put with If-Match: * wants that something is there")
    func putOverAny() async throws {
        #expect(try await send("PUT", "/lake/k", [("if-match", "*")], body: "1").code == "NoSuchKey")
        _ = try await send("PUT", "/lake/k", body: "1")
        #expect(try await send("PUT", "/lake/k", [("if-match", "*")], body: "2").status == 200)
        #expect(try await send("GET", "/lake/k").text == "2")
    }

    @Test("what will be refused anyway is refused before the body comes, and nothing else is")
    func refusalBeforeBody() throws {
        func refusal(_ headers: [(name: String, value: String)]) -> Int? {
            let request = Request(
                id: RequestID("r1"), method: "PUT", target: RequestTarget("/lake/k"),
                headers: HTTPHeaders([("host", "h")] + headers))
            return service.refuse(request)?.status
        }
        #expect(refusal([]) == 403)
        #expect(refusal([("authorization", "AWS x:y")]) == 400)
        let request = SigV4Request(method: "PUT", rawPath: "/lake/k", headers: [("host", "h")])
        let signed = SigV4Signer(accessKey: "k", secret: "s").signed(
            request, payloadHash: "UNSIGNED-PAYLOAD", now: clock.now)
        #expect(refusal(signed.headers) == nil)
        #expect(refusal(signed.headers + [("x-amz-tagging", "a=b")]) == 400)
    }

    @Test(
        "a checksum that is not computed here is refused, not dropped",
        arguments: [
            ("x-amz-checksum-sha512", "AA=="), ("x-amz-checksum-xxhash64", "AA=="),
            ("x-amz-trailer", "x-amz-checksum-crc32, x-amz-checksum-md5"),
        ])
    func unknownChecksum(name: String, value: String) async throws {
        #expect(try await send("PUT", "/lake/k", [(name, value)], body: "1").code == "NotImplemented")
        #expect(try await send("GET", "/lake/k").code == "NoSuchKey")
    }
}
