import Columnar
import Octets

/// md5, sha224 … sha512 and digest.
enum DigestFunctions {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let values = try call.text(0)
        let algorithms: TextOperand? = call.function == .digest ? try call.text(1) : nil
        return try call.rows.text(call.result) { row, buffer throws(KernelError) in
            let bytes = values.bytes(at: row)
            switch call.function {
            case .md5: buffer += Array(Hex.encode(MD5.hash(bytes)).utf8)
            case .digest: buffer += try digest(bytes, algorithms?.string(at: row).lowercased() ?? "")
            default: buffer += try digest(bytes, call.function.name)
            }
            return true
        }
    }

    private static func digest(_ bytes: [UInt8], _ algorithm: String) throws(KernelError) -> [UInt8] {
        switch algorithm {
        case "md5": return MD5.hash(bytes)
        case "sha224": return SHA2.sha224(bytes)
        case "sha256": return SHA2.sha256(bytes)
        case "sha384": return SHA2.sha384(bytes)
        case "sha512": return SHA2.sha512(bytes)
        default:
            throw KernelError(.invalidArgument, "there is no such digest", ["algorithm": "'\(algorithm)'"])
        }
    }
}
