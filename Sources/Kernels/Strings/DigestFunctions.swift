import Columnar
import Octets
import Signing

/// md5, sha224 … sha512 and digest.
enum DigestFunctions {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let values = try call.text(0)
        let algorithms: TextOperand? = call.function == .digest ? try call.text(1) : nil
        var watch = StepWatch(call.context.supervisor)
        return try call.rows.text(call.result) { row, buffer throws(KernelError) in
            let algorithm = algorithms?.string(at: row).lowercased() ?? call.function.name
            let kind = try kind(algorithm)
            let digest = try values.withBytes(at: row) { bytes throws(KernelError) in
                try hash(bytes, kind, &watch)
            }
            buffer += call.function == .md5 ? Array(Hex.encode(digest).utf8) : digest
            return true
        }
    }

    /// Some milliseconds of the slowest digest.
    private static let pieceBytes = 1 << 20

    /// The digest, in pieces between which it asks whether the work is still wanted.
    private static func hash(
        _ bytes: Span<UInt8>, _ kind: DigestKind, _ watch: inout StepWatch
    ) throws(KernelError) -> [UInt8] {
        if bytes.count <= pieceBytes { return kind.hash(bytes) }
        let stream = DigestStream(kind)
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + pieceBytes)
            stream.update(bytes.extracting(start..<end))
            try watch.step(end - start)
            start = end
        }
        return stream.finish()
    }

    private static func kind(_ algorithm: String) throws(KernelError) -> DigestKind {
        switch algorithm {
        case "md5": return .md5
        case "sha224": return .sha224
        case "sha256": return .sha256
        case "sha384": return .sha384
        case "sha512": return .sha512
        case "blake2b": return .blake2b
        case "blake2s": return .blake2s
        default:
            throw KernelError(
                .invalidArgument,
                "the digest is none of md5, sha224, sha256, sha384, sha512, blake2b and blake2s",
                ["algorithm": "'\(algorithm)'"])
        }
    }
}
