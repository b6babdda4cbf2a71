import Effects
import Octets
import Signing
import TestKit
import Testing

/// One request with the signature another implementation gives for it.
struct KnownSignature: Sendable, CustomTestStringConvertible {
    var request: SigV4Request
    var payloadHash: String
    var signature: String
    var testDescription: String { "\(request.method) \(request.rawPath)?\(request.rawQuery)" }
}

let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
/// 2013-05-24T00:00:00Z
let exampleTime = Instant(microseconds: 1_369_353_600_000_000)
/// 2026-01-31T12:34:56Z
let botocoreTime = Instant(microseconds: 1_769_862_896_000_000)
let exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
let exampleSigner = SigV4Signer(accessKey: "AKIAIOSFODNN7EXAMPLE", secret: exampleSecret, region: "us-east-1")
let botocoreSecret = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"
let botocoreSigner = SigV4Signer(accessKey: "0123456789abcdef", secret: botocoreSecret)

@Suite("SigV4")
struct SigV4Tests {
    /// The examples of "Authenticating Requests: Using the Authorization Header", Amazon S3 API Reference.
    static let examples: [KnownSignature] = [
        KnownSignature(
            request: SigV4Request(
                method: "GET", rawPath: "/test.txt",
                headers: [("Host", "examplebucket.s3.amazonaws.com"), ("Range", "bytes=0-9")]),
            payloadHash: emptyHash,
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        KnownSignature(
            request: SigV4Request(
                method: "PUT", rawPath: "/test%24file.text",
                headers: [
                    ("Host", "examplebucket.s3.amazonaws.com"), ("Date", "Fri, 24 May 2013 00:00:00 GMT"),
                    ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ]),
            payloadHash: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        KnownSignature(
            request: SigV4Request(
                method: "GET", rawPath: "/", rawQuery: "lifecycle",
                headers: [("Host", "examplebucket.s3.amazonaws.com")]),
            payloadHash: emptyHash,
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        KnownSignature(
            request: SigV4Request(
                method: "GET", rawPath: "/", rawQuery: "max-keys=2&prefix=J",
                headers: [("Host", "examplebucket.s3.amazonaws.com")]),
            payloadHash: emptyHash,
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ]

    /// Computed with botocore 1.44.5's `S3SigV4Auth`.
    static let botocore: [KnownSignature] = [
        KnownSignature(
            request: SigV4Request(
                method: "GET", rawPath: "/lake/a%20b/c%2Bd~e%28f%29/%C3%A9.parquet",
                rawQuery: "versionId=x%20y&partNumber=7",
                headers: [("host", "127.0.0.1:9000"), ("Range", "bytes=0-9")]),
            payloadHash: emptyHash,
            signature: "031c4bf3bd49d62c20a36033a7a43fcc136408db4be809761e209f0f9a1df45b"),
        KnownSignature(
            request: SigV4Request(
                method: "PUT", rawPath: "/lake/k",
                headers: [
                    ("Host", "127.0.0.1:9000"), ("x-amz-meta-a", "  two   spaces "),
                    ("Content-Type", "text/plain"),
                ]),
            payloadHash: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
            signature: "24d4d5119cdff008666ac7ce9c4d34b27382ec6d6a76b18846711a3c79a4740f"),
        KnownSignature(
            request: SigV4Request(
                method: "GET", rawPath: "/", rawQuery: "list-type=2&prefix=a%2Fb&delimiter=%2F&start-after=",
                headers: [("Host", "lake.s3.localhost:9000")]),
            payloadHash: emptyHash,
            signature: "4c7ec1f8661867dc7c833eec127644cde091f0b6b271e0cbd140007af155a9e7"),
    ]

    @Test(
        "the signer gives Amazon's published signatures, and the verifier accepts them", arguments: examples)
    func published(known: KnownSignature) throws {
        try check(known, exampleSigner, exampleSecret, exampleTime)
    }

    @Test("the signer gives botocore's signatures, and the verifier accepts them", arguments: botocore)
    func ofBotocore(known: KnownSignature) throws {
        try check(known, botocoreSigner, botocoreSecret, botocoreTime)
    }

    private func check(
        _ known: KnownSignature, _ signer: SigV4Signer, _ secret: String, _ time: Instant
    ) throws {
        let signed = signer.signed(known.request, payloadHash: known.payloadHash, now: time)
        let text = try #require(signed.headers.last?.value)
        #expect(text.hasSuffix("Signature=\(known.signature)"))
        let read = try SigV4Authorization(reading: signed)
        #expect(
            read.accessKey == signer.accessKey && !read.isPresigned && read.payloadHash == known.payloadHash)
        _ = try read.verify(signed, secret: secret, now: time)
        expect(.mismatch) { _ = try read.verify(signed, secret: secret + "x", now: time) }
        var changed = signed
        changed.rawPath += "x"
        expect(.mismatch) { _ = try read.verify(changed, secret: secret, now: time) }
        let late = Instant(microseconds: time.microseconds + 901_000_000)
        expect(.skewed) { _ = try read.verify(signed, secret: secret, now: late) }
        let early = Instant(microseconds: time.microseconds - 901_000_000)
        expect(.skewed) { _ = try read.verify(signed, secret: secret, now: early) }
    }

    @Test("presigned addresses are those of Amazon's example and of botocore, and expire")
    func presigned() throws {
        let amazon = exampleSigner.presigned(
            SigV4Request(
                method: "GET", rawPath: "/test.txt", headers: [("Host", "examplebucket.s3.amazonaws.com")]),
            expiresSeconds: 86_400, now: exampleTime)
        #expect(amazon.rawQuery.hasSuffix("aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"))
        let ours = botocoreSigner.presigned(
            SigV4Request(
                method: "GET", rawPath: "/lake/a%20b", rawQuery: "response-content-type=text%2Fplain",
                headers: [("Host", "127.0.0.1:9000")]), expiresSeconds: 600, now: botocoreTime)
        #expect(ours.rawQuery.hasSuffix("fc8fcbe3bd0b23f75dda08fb5678e746d895161ae781852612573e81de0f418f"))
        let read = try SigV4Authorization(reading: ours)
        #expect(read.isPresigned && read.payloadHash == SigV4Authorization.unsignedPayload)
        _ = try read.verify(ours, secret: botocoreSecret, now: botocoreTime)
        let late = Instant(microseconds: botocoreTime.microseconds + 601_000_000)
        expect(.expired) { _ = try read.verify(ours, secret: botocoreSecret, now: late) }
        var changed = ours
        changed.rawQuery = changed.rawQuery.replacing("text", with: "test")
        expect(.mismatch) { _ = try read.verify(changed, secret: botocoreSecret, now: botocoreTime) }
    }

    @Test("a Date stands in for x-amz-date, as botocore writes it")
    func dateHeader() throws {
        func request(_ date: String) -> SigV4Request {
            SigV4Request(
                method: "PUT", rawPath: "/lake/k",
                headers: [
                    ("Host", "127.0.0.1:9000"), ("Date", date), ("X-Amz-Content-SHA256", emptyHash),
                    (
                        "Authorization",
                        "AWS4-HMAC-SHA256 Credential=0123456789abcdef/20260131/auto/s3/aws4_request, "
                            + "SignedHeaders=date;host;x-amz-content-sha256, "
                            + "Signature=b810424714760381260f7eb2b4150dd2692a72c71926e7c65aeea67a23e7bdb9"
                    ),
                ])
        }
        let signed = request("Sat, 31 Jan 2026 12:34:56 -0000")
        let read = try SigV4Authorization(reading: signed)
        _ = try read.verify(signed, secret: botocoreSecret, now: botocoreTime)
        let other = request("Sat, 31 Jan 2026 12:34:57 -0000")
        let changed = try SigV4Authorization(reading: other)
        expect(.mismatch) { _ = try changed.verify(other, secret: botocoreSecret, now: botocoreTime) }
        let unclear = request("yesterday")
        let odd = try SigV4Authorization(reading: unclear)
        expect(.malformed) { _ = try odd.verify(unclear, secret: botocoreSecret, now: botocoreTime) }
    }

    @Test("kept keys serve requests of the same secret and day, and no others")
    func keptKeys() throws {
        let keys = SigningKeys()
        let request = SigV4Request(method: "GET", rawPath: "/lake/a", headers: [("Host", "h")])
        let signed = botocoreSigner.signed(request, payloadHash: emptyHash, now: botocoreTime)
        let read = try SigV4Authorization(reading: signed)
        for _ in 0..<2 {
            _ = try read.verify(signed, secret: botocoreSecret, now: botocoreTime, keys: keys)
            expect(.mismatch) {
                _ = try read.verify(signed, secret: exampleSecret, now: botocoreTime, keys: keys)
            }
        }
        let tomorrow = Instant(microseconds: botocoreTime.microseconds + 86_400_000_000)
        let later = botocoreSigner.signed(request, payloadHash: emptyHash, now: tomorrow)
        _ = try SigV4Authorization(reading: later).verify(
            later, secret: botocoreSecret, now: tomorrow, keys: keys)
        var changed = later
        changed.rawPath = "/lake/b"
        expect(.mismatch) {
            _ = try SigV4Authorization(reading: changed).verify(
                changed, secret: botocoreSecret, now: tomorrow, keys: keys)
        }
    }

    @Test("a path that a library on the way encoded otherwise still verifies")
    func reencoded() throws {
        var signed = botocoreSigner.signed(
            SigV4Request(method: "GET", rawPath: "/lake/a%3Db%7E", headers: [("Host", "h")]),
            payloadHash: emptyHash,
            now: botocoreTime)
        let canonical = botocoreSigner.signed(
            SigV4Request(method: "GET", rawPath: "/lake/a%3Db~", headers: [("Host", "h")]),
            payloadHash: emptyHash,
            now: botocoreTime)
        _ = try SigV4Authorization(reading: signed).verify(signed, secret: botocoreSecret, now: botocoreTime)
        signed = canonical
        signed.rawPath = "/lake/a=b%7e"
        _ = try SigV4Authorization(reading: signed).verify(signed, secret: botocoreSecret, now: botocoreTime)
    }

    @Test(
        "an authorization with a missing or broken part is malformed, never a crash",
        arguments: [
            "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "Basic abc",
            "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host",
            "AWS4-HMAC-SHA256 Credential=a/20130524/r/s3/aws4_request, SignedHeaders=range, Signature=0",
            "AWS4-HMAC-SHA256 Credential=a/20130524/r/s3/aws4_request, SignedHeaders=host, Signature=0",
            "AWS4-HMAC-SHA256 Credential=a/20130524/r/s3, SignedHeaders=host, Signature=0",
            "AWS4-HMAC-SHA256 =,=,==",
        ])
    func malformed(text: String) {
        let request = SigV4Request(
            method: "GET", rawPath: "/",
            headers: [
                ("host", "h"), ("authorization", text), ("x-amz-date", "20130524T000000Z"),
                ("x-amz-content-sha256", emptyHash),
            ])
        expect(.malformed) { _ = try SigV4Authorization(reading: request) }
        var unsigned = request
        unsigned.headers.removeAll { $0.name == "authorization" }
        expect(.missing) { _ = try SigV4Authorization(reading: unsigned) }
    }
}

/// Runs `body` and expects a `SigningError` with this code.
func expect(
    _ code: SigningError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
    let error = #expect(throws: SigningError.self, sourceLocation: sourceLocation) { try body() }
    #expect(error?.code == code, sourceLocation: sourceLocation)
}
