/// Authenticated encryption with AES-256 in Galois/Counter Mode: what was changed does not open.
///
/// A nonce must never seal two texts under one key: whoever has both learns how they differ, and can forge others.
///
/// - Source: NIST SP 800-38D.
package struct AESGCM: Sendable {
    package static let keyBytes = 32
    package static let nonceBytes = 12
    package static let tagBytes = 16

    private let key: [UInt8]

    package init(key: [UInt8]) {
        precondition(key.count == Self.keyBytes, "a key has 32 bytes")
        self.key = key
    }

    /// As long as `clear`, and the tag behind it.
    package func seal(_ clear: Span<UInt8>, nonce: [UInt8]) -> [UInt8] {
        OpenSSL.seal(key: key, nonce: nonce, extra: [], clear)
    }

    /// Nil for what was not sealed under this key and nonce, or was changed since.
    package func open(_ sealed: Span<UInt8>, nonce: [UInt8]) -> [UInt8]? {
        OpenSSL.open(key: key, nonce: nonce, extra: [], sealed)
    }
}
