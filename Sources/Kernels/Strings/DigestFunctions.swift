import Columnar
import Octets
import Signing

/// md5, sha224 … sha512 and digest.
enum DigestFunctions {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let values = try call.text(0)
        let algorithms: TextOperand? = call.function == .digest ? try call.text(1) : nil
        return try call.rows.text(call.result) { row, buffer throws(KernelError) in
            let bytes = values.bytes(at: row)
            switch call.function {
            case .md5: buffer += Array(Hex.encode(DigestKind.md5.hash(bytes)).utf8)
            case .digest: buffer += try digest(bytes, algorithms?.string(at: row).lowercased() ?? "")
            default: buffer += try digest(bytes, call.function.name)
            }
            return true
        }
    }

    private static func digest(_ bytes: [UInt8], _ algorithm: String) throws(KernelError) -> [UInt8] {
        let kind: DigestKind =
            switch algorithm {
            case "md5": .md5
            case "sha224": .sha224
            case "sha256": .sha256
            case "sha384": .sha384
            case "sha512": .sha512
            case "blake2b": .blake2b
            case "blake2s": .blake2s
            default:
                throw KernelError(
                    .invalidArgument,
                    "the digest is none of md5, sha224, sha256, sha384, sha512, blake2b and blake2s",
                    ["algorithm": "'\(algorithm)'"])
            }
        return kind.hash(bytes)
    }
}
