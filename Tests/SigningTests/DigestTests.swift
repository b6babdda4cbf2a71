import Effects
import Octets
import Signing
import TestKit
import Testing

@Suite("Digests")
struct DigestTests {
    @Test("known answers of FIPS 180-4, RFC 1321 and RFC 4231")
    func knownAnswers() {
        #expect(
            Hex.encode(SHA256.hash("abc"))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Hex.encode(MD5.hash(Array("message digest".utf8))) == "f96b697d7cb7938d525a2f31aaf161d0")
        #expect(Hex.encode(MD5.hash([])) == "d41d8cd98f00b204e9800998ecf8427e")
        #expect(
            Hex.encode(HMAC.sha256(key: Array("Jefe".utf8), "what do ya want for nothing?"))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            Hex.encode(HMAC.sha256(key: [], ""))
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
        // A key longer than a block of the digest.
        #expect(
            Hex.encode(
                HMAC.sha256(
                    key: [UInt8](repeating: 0xAA, count: 131),
                    "Test Using Larger Than Block-Size Key - Hash Key First"))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    @Test("pieces of any size give the digest of the whole", arguments: [DigestKind.md5, .sha1, .sha256])
    func pieces(kind: DigestKind) {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<50 {
            let bytes = SeededRandomness(seed: generator.next()).bytes(
                Int.random(in: 0...5000, using: &generator))
            let whole = DigestStream(kind)
            whole.update(bytes)
            let parts = DigestStream(kind)
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 0...rest.count, using: &generator)
                parts.update(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            let digest = whole.finish()
            #expect(digest == parts.finish() && digest.count == kind.byteCount)
            if kind == .sha256 { #expect(digest == SHA256.hash(bytes)) }
        }
    }

    @Test("constant-time comparison tells equal from different and from longer")
    func comparison() {
        #expect(ConstantTime.equal([1, 2, 3], [1, 2, 3]))
        #expect(ConstantTime.equal([], []))
        #expect(!ConstantTime.equal([1, 2, 3], [1, 2, 4]))
        #expect(!ConstantTime.equal([1, 2, 3], [1, 2]))
    }

    @Test("the OpenSSL that answers is the one of the headers")
    func version() { #expect(OpenSSLVersion.isHeaders) }
}
