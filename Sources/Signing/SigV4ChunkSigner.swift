import Octets

/// Computes the chained signatures of an `aws-chunked` body: each covers the one before it.
///
/// - Source: "Signature calculations for the Authorization header: transferring payload in multiple chunks", Amazon S3
///   API Reference.
package struct SigV4ChunkSigner: Sendable {
    private let key: [UInt8]
    private let timestamp: String
    private let scope: SigV4Scope
    private var previous: String

    init(key: [UInt8], timestamp: String, scope: SigV4Scope, seed: String) {
        self.key = key
        self.timestamp = timestamp
        self.scope = scope
        previous = seed
    }

    /// `hash` is SHA-256 of the chunk's data.
    package mutating func signature(ofChunk hash: [UInt8]) -> String {
        next("AWS4-HMAC-SHA256-PAYLOAD", "\(Hex.encode(SHA256.hash("")))\n\(Hex.encode(hash))")
    }

    package mutating func signature(ofTrailers trailers: [(name: String, value: String)]) -> String {
        let text = trailers.map { "\($0.name):\($0.value)\n" }.joined()
        return next("AWS4-HMAC-SHA256-TRAILER", Hex.encode(SHA256.hash(text)))
    }

    private mutating func next(_ algorithm: String, _ rest: String) -> String {
        let text = "\(algorithm)\n\(timestamp)\n\(scope)\n\(previous)\n\(rest)"
        previous = Hex.encode(HMAC.sha256(key: key, text))
        return previous
    }
}
