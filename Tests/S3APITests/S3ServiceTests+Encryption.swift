import Octets
import Signing
import Testing
import Wire

@testable import S3API

extension S3ServiceTests {
    private typealias Headers = [(name: String, value: String)]
    private static let sse = "x-amz-server-side-encryption"
    private static let key = [UInt8](repeating: 0x6B, count: 32)

    private static func customer(_ key: [UInt8], source: Bool = false) -> Headers {
        let prefix = (source ? "x-amz-copy-source-server-side-encryption" : sse) + "-customer-"
        return [
            (prefix + "algorithm", "AES256"), (prefix + "key", Base64.encode(key)),
            (prefix + "key-MD5", Base64.encode(MD5.hash(key))),
        ]
    }

    private static let good = customer(key)

    @Test("an encrypted object comes back to who brings its key, in ranges too, and the answer says so")
    func encryptedRoundTrip() async throws {
        let body = String(repeating: "abcdefghij", count: 20_000)
        for (sent, read) in [(Self.good, Self.good), ([(Self.sse, "AES256")], [])] as [(Headers, Headers)] {
            let put = try await send("PUT", "/lake/x", sent, body: body)
            #expect(put.status == 200)
            let get = try await send("GET", "/lake/x", read)
            #expect(get.status == 200 && get.text == body)
            let range = try await send("GET", "/lake/x", read + [("range", "bytes=65530-165540")])
            #expect(range.status == 206 && range.text == String(body.dropFirst(65_530).prefix(100_011)))
            let head = try await send("HEAD", "/lake/x", read)
            for answer in [put, get, range, head] {
                #expect((answer.headers[Self.sse] == "AES256") == read.isEmpty)
                let told = answer.headers[Self.sse + "-customer-key-md5"]
                #expect(told == (read.isEmpty ? nil : Base64.encode(MD5.hash(Self.key))))
            }
        }
    }

    @Test("headers of encryption that do not fit together, the operation or the object are refused")
    func encryptionRefusals() async throws {
        _ = try await send("PUT", "/lake/c", Self.good, body: "secret")
        _ = try await send("PUT", "/lake/p", body: "plain")
        let wrong = Self.customer([UInt8](repeating: 1, count: 32))
        let cases: [(String, String, Headers, Int, String?)] = [
            ("GET", "/lake/c", [], 400, "InvalidRequest"), ("GET", "/lake/c", wrong, 403, "AccessDenied"),
            ("HEAD", "/lake/c", [], 400, nil), ("HEAD", "/lake/c", wrong, 403, nil),
            ("GET", "/lake/p", Self.good, 400, "InvalidRequest"),
            ("GET", "/lake/p", [(Self.sse, "AES256")], 400, "InvalidArgument"),
            ("PUT", "/lake/x", Array(Self.good.dropFirst()), 400, "InvalidArgument"),
            ("PUT", "/lake/x", Array(Self.good.dropLast()), 400, "InvalidArgument"),
            ("PUT", "/lake/x", [Self.good[0], Self.good[2]], 400, "InvalidArgument"),
            ("PUT", "/lake/x", [Self.good[0], Self.good[1], wrong[2]], 400, "InvalidArgument"),
            ("PUT", "/lake/x", Self.customer([1, 2, 3]), 400, "InvalidArgument"),
            ("PUT", "/lake/x", Self.good + [(Self.sse, "AES256")], 400, "InvalidArgument"),
            ("PUT", "/lake/x", Self.good + [(Self.sse, "aws:kms")], 400, "InvalidArgument"),
            ("PUT", "/lake/x", [(Self.sse, "rot13")], 400, "InvalidArgument"),
            ("PUT", "/lake/x", [(Self.sse, "aws:kms")], 501, "NotImplemented"),
            ("PUT", "/lake/x", [(Self.sse + "-aws-kms-key-id", "k")], 501, "NotImplemented"),
            ("PUT", "/lake/x", [(Self.sse + "-bucket-key-enabled", "true")], 501, "NotImplemented"),
            ("PUT", "/lake/x", [(Self.sse + "-customer-algo", "AES256")], 501, "NotImplemented"),
            ("PUT", "/lake/x?x-amz-server-side-encryption=AES256", [], 501, "NotImplemented"),
            ("PUT", "/lake/y", [("x-amz-copy-source", "/lake/c")], 400, "InvalidRequest"),
            (
                "PUT", "/lake/y",
                [("x-amz-copy-source", "/lake/c")]
                    + Self.customer([UInt8](repeating: 1, count: 32), source: true),
                403, "AccessDenied"
            ),
        ]
        for (method, target, headers, status, code) in cases {
            let answer = try await send(method, target, headers)
            #expect(
                answer.status == status && answer.code == code, "\(method) \(target) \(headers.map(\.name))")
            #expect(!answer.text.contains(Base64.encode(Self.key)))
        }
        #expect(try await send("GET", "/lake/x").code == "NoSuchKey")
        let copied = try await send(
            "PUT", "/lake/y", [("x-amz-copy-source", "/lake/c")] + Self.customer(Self.key, source: true))
        #expect(copied.status == 200)
        #expect(try await send("GET", "/lake/y").text == "secret")
    }

    @Test("a bucket's encryption is set, told and taken away")
    func bucketEncryption() async throws {
        func rule(_ algorithm: String, _ more: String = "") -> String {
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>\(algorithm)"
                + "</SSEAlgorithm></ApplyServerSideEncryptionByDefault>\(more)</Rule></ServerSideEncryptionConfiguration>"
        }
        func blocked(_ kind: String) -> String {
            "<BlockedEncryptionTypes><EncryptionType>\(kind)</EncryptionType></BlockedEncryptionTypes>"
        }
        #expect(
            try await send("GET", "/lake?encryption").code == "ServerSideEncryptionConfigurationNotFoundError"
        )
        #expect(try await send("PUT", "/lake?encryption", body: rule("aws:kms")).code == "NotImplemented")
        #expect(try await send("PUT", "/lake?encryption", body: rule("rot13")).code == "MalformedXML")
        #expect(
            try await send("PUT", "/lake?encryption", body: rule("AES256", blocked("SSE-C"))).code
                == "NotImplemented")
        #expect(
            try await send("PUT", "/lake?encryption", body: rule("AES256", blocked("NONE"))).status == 200)
        #expect(
            try await send("GET", "/lake?encryption").text.contains("<SSEAlgorithm>AES256</SSEAlgorithm>"))
        #expect(try await send("PUT", "/lake/x", body: "x").headers[Self.sse] == "AES256")
        #expect(try await send("DELETE", "/lake?encryption").status == 204)
        #expect(try await send("PUT", "/lake/x", body: "x").headers[Self.sse] == nil)
    }
}
