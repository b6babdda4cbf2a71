import Effects
import Octets
import Signing
import TestKit
import Testing

/// The example of "Transferring Payload in Multiple Chunks", Amazon S3 API Reference: 65 KiB of the letter a in
/// chunks of 64 KiB.
@Suite("aws-chunked bodies")
struct AWSChunkedTests {
    static let signedWord = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    static let data = [UInt8](repeating: UInt8(ascii: "a"), count: 65 * 1024)

    static func request(trailer: Bool) -> SigV4Request {
        var headers = [
            ("Host", "s3.amazonaws.com"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ("Content-Encoding", "aws-chunked"), ("x-amz-decoded-content-length", "66560"),
        ]
        headers.append(trailer ? ("x-amz-trailer", "x-amz-checksum-crc32c") : ("Content-Length", "66824"))
        return SigV4Request(method: "PUT", rawPath: "/examplebucket/chunkObject.txt", headers: headers)
    }

    static func body(_ signatures: [String], end: String = "\r\n") -> [UInt8] {
        let small = String(repeating: "a", count: 1024)
        let large = String(repeating: "a", count: 65_536)
        return Array(
            ("10000;chunk-signature=\(signatures[0])\r\n\(large)\r\n400;chunk-signature=\(signatures[1])\r\n\(small)\r\n"
                + "0;chunk-signature=\(signatures[2])\r\n\(end)").utf8)
    }

    static let signed = body([
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ])
    static let trailed = body(
        [
            "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
            "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
            "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
        ],
        end: "x-amz-checksum-crc32c:sOO8/Q==\r\n"
            + "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
    )

    private func decode(
        _ body: [UInt8], _ word: String, seed: UInt64 = 1, longest: Int = 40_000
    ) throws -> (bytes: [UInt8], trailers: [String]) {
        let isTrailer = word.hasSuffix("TRAILER")
        let signing = exampleSigner.sign(
            Self.request(trailer: isTrailer), payloadHash: word, now: exampleTime)
        var decoder = try #require(AWSChunkedDecoder(payloadHash: word, signer: signing.chunks))
        var generator = SeededGenerator(seed: seed)
        var output: [UInt8] = []
        var rest = body[...]
        while !rest.isEmpty {
            let count = min(rest.count, Int.random(in: 1...longest, using: &generator))
            try decoder.decode(Array(rest.prefix(count)), into: &output)
            rest = rest.dropFirst(count)
        }
        try decoder.finish()
        return (output, decoder.trailers.map { "\($0.name)=\($0.value)" })
    }

    @Test("Amazon's example verifies, cut into pieces of any size", arguments: 1...20)
    func example(seed: UInt64) throws {
        #expect(try decode(Self.signed, Self.signedWord, seed: seed).bytes == Self.data)
        let trailed = try decode(Self.trailed, Self.signedWord + "-TRAILER", seed: seed)
        #expect(trailed.bytes == Self.data && trailed.trailers == ["x-amz-checksum-crc32c=sOO8/Q=="])
    }

    @Test("single bytes are enough")
    func singleBytes() throws {
        let body = Array("3\r\nabc\r\n0\r\nx-amz-checksum-crc32: NSRBwg==\r\n\r\n".utf8)
        let decoded = try decode(body, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", longest: 1)
        #expect(decoded.bytes == Array("abc".utf8) && decoded.trailers == ["x-amz-checksum-crc32=NSRBwg=="])
    }

    @Test("a changed byte anywhere in data, signature or trailer is found")
    func tampering() throws {
        for body in [Self.signed, Self.trailed] {
            let word = body == Self.signed ? Self.signedWord : Self.signedWord + "-TRAILER"
            for index in [0, 30, 70, 200, 65_600, 65_700, 66_000, body.count - 20, body.count - 60] {
                var changed = body
                changed[index] ^= 1
                #expect(throws: SigningError.self, "byte \(index)") { try decode(changed, word) }
            }
        }
    }

    @Test("a body cut anywhere is refused, except before the last empty line")
    func cut() throws {
        let body = Array("3\r\nabc\r\n0\r\n\r\n".utf8)
        for count in 0..<body.count where count != body.count - 2 {
            #expect(throws: SigningError.self, "\(count) bytes") {
                try decode(Array(body[..<count]), "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
            }
        }
        let complete = Array(body[..<(body.count - 2)])
        #expect(try decode(complete, "STREAMING-UNSIGNED-PAYLOAD-TRAILER").bytes == Array("abc".utf8))
    }

    @Test(
        "sizes that are no hex number, too long lines and bytes after the end are refused",
        arguments: [
            "x\r\n", "-1\r\n", "ffffffffffffffffffff\r\n", "\r\n", "3\r\nabcd\r\n", "3\nabc\r\n0\r\n\r\n",
            "0\r\n\r\nmore", String(repeating: "0", count: 2000), "0\r\nno colon\r\n\r\n",
            "0\r\n" + String(repeating: "a:b\r\n", count: 17) + "\r\n",
        ])
    func malformed(text: String) {
        #expect(throws: SigningError.self) {
            try decode(Array(text.utf8), "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        }
    }
}
