import Effects
import Signing
import Streams
import Wire

extension RequestMark {
    /// Longer than any UUID, host name or path a producer would make a key of.
    private static let nameLimit = 255

    /// What the request's headers say: `Idempotency-Key: K`, or `Firn-Producer: ID` with `Firn-Sequence: N`; nil for
    /// neither.
    ///
    /// Names are hashed: 16 bytes of SHA-256 never meet by chance.
    ///
    /// Source: draft-ietf-httpapi-idempotency-key-header; a key may stand in quotes there.
    ///
    /// - Errors: `ING-105`.
    static func read(_ headers: HTTPHeaders) throws(IngestError) -> RequestMark? {
        for name in ["idempotency-key", "firn-producer", "firn-sequence"] where headers.all(name).count > 1 {
            throw IngestError(.badMark, "a request has the header once", ["header": name])
        }
        let key = headers["idempotency-key"]
        let producer = headers["firn-producer"]
        let sequence = headers["firn-sequence"]
        if let key {
            guard producer == nil, sequence == nil else {
                throw IngestError(.badMark, "a request has a key or a sequence number, not both")
            }
            return .key(try id(of: unquoted(key), kind: "key", header: "idempotency-key"))
        }
        if producer == nil, sequence == nil { return nil }
        guard let producer, let sequence else {
            throw IngestError(.badMark, "firn-producer and firn-sequence go together")
        }
        guard let number = Int64(sequence), number >= 0 else {
            throw IngestError(
                .badMark, "a sequence number is a whole number from 0 on",
                ["firn-sequence": String(sequence.prefix(40))])
        }
        return .sequence(
            producer: try id(of: producer, kind: "producer", header: "firn-producer"), number: number)
    }

    private static func unquoted(_ text: String) -> String {
        text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"")
            ? String(text.dropFirst().dropLast()) : text
    }

    private static func id(of name: String, kind: String, header: String) throws(IngestError) -> UniqueID {
        guard (1...nameLimit).contains(name.utf8.count) else {
            throw IngestError(
                .badMark, "the header's value has 1 to \(nameLimit) bytes",
                ["header": header, "bytes": name.utf8.count])
        }
        let hash = SHA256.hash("\(kind)\n\(name)")
        func word(_ start: Int) -> UInt64 { hash[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        return UniqueID(high: word(0), low: word(8))
    }
}
