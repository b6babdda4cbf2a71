/// The hash functions that protocols and SQL ask for.
package enum DigestKind: Int32, Sendable {
    /// Only for ETags and `Content-MD5`; protects nothing against an attacker.
    case md5 = 1
    /// Only for `x-amz-checksum-sha1`.
    case sha1 = 2
    case sha256 = 3
    case sha224 = 4
    case sha384 = 5
    case sha512 = 6
    /// BLAKE2b with 64 bytes (RFC 7693).
    case blake2b = 7
    /// BLAKE2s with 32 bytes.
    case blake2s = 8

    package var byteCount: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha224: 28
        case .sha256: 32
        case .sha384: 48
        case .sha512, .blake2b: 64
        case .blake2s: 32
        }
    }

    /// The digest of bytes that are all in memory.
    package func hash(_ bytes: [UInt8]) -> [UInt8] { OpenSSL.hash(self, bytes.span) }
    package func hash(_ bytes: Span<UInt8>) -> [UInt8] { OpenSSL.hash(self, bytes) }
}

/// SHA-256 of bytes that are all in memory; for streams see `DigestStream`.
package enum SHA256 {
    package static func hash(_ bytes: [UInt8]) -> [UInt8] { OpenSSL.hash(.sha256, bytes.span) }
    package static func hash(_ bytes: Span<UInt8>) -> [UInt8] { OpenSSL.hash(.sha256, bytes) }
    package static func hash(_ text: some StringProtocol) -> [UInt8] { hash(Array(text.utf8)) }
}

/// MD5 of bytes that are all in memory.
package enum MD5 {
    package static func hash(_ bytes: [UInt8]) -> [UInt8] { OpenSSL.hash(.md5, bytes.span) }
    package static func hash(_ bytes: Span<UInt8>) -> [UInt8] { OpenSSL.hash(.md5, bytes) }
}

/// Keyed hashing (RFC 2104).
package enum HMAC {
    package static func sha256(key: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
        OpenSSL.hmacSHA256(key: key, bytes)
    }
    package static func sha256(key: [UInt8], _ text: some StringProtocol) -> [UInt8] {
        sha256(key: key, Array(text.utf8))
    }
}

/// Compares secrets without telling by the time taken where they differ.
package enum ConstantTime {
    package static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        OpenSSL.equalInConstantTime(left, right)
    }
    package static func equal(_ left: some StringProtocol, _ right: some StringProtocol) -> Bool {
        equal(Array(left.utf8), Array(right.utf8))
    }
}
