import Columnar
import Octets
import Signing

/// Parts of URLs, and internet addresses.
///
/// - Nulls: a part that is not there is null; so is every part of what is no URL.
enum AddressFunctions {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        switch call.function {
        case .urlEncode, .urlDecode: return try encoded(call)
        case .urlParameter:
            let (text, names) = (try call.text(0), try call.text(1))
            return try call.rows.text(call.result) { row, buffer throws(KernelError) in
                let name = names.bytes(at: row)
                guard let value = URLParts(text.bytes(at: row))?.parameter(name) else { return false }
                buffer += value
                return true
            }
        case .urlPort:
            let text = try call.text(0)
            return try call.rows.fixed(call.result) { row throws(KernelError) -> Int64? in
                guard let port = URLParts(text.bytes(at: row))?.port else { return nil }
                return Int64(String(decoding: port, as: UTF8.self))
            }
        case .urlProtocol, .urlHost, .urlPath, .urlQuery, .urlFragment: return try part(call)
        default: return try address(call)
        }
    }

    private static func part(_ call: KernelCall) throws(KernelError) -> Column {
        let text = try call.text(0)
        return try call.rows.text(call.result) { row, buffer throws(KernelError) in
            guard let url = URLParts(text.bytes(at: row)) else { return false }
            let part: ArraySlice<UInt8>? =
                switch call.function {
                case .urlProtocol: url.scheme
                case .urlHost: url.host
                case .urlPath: url.path
                case .urlQuery: url.query
                default: url.fragment
                }
            guard let part else { return false }
            buffer += part
            return true
        }
    }

    private static func encoded(_ call: KernelCall) throws(KernelError) -> Column {
        let text = try call.text(0)
        return try call.rows.text(call.result) { row, buffer throws(KernelError) in
            let bytes = text.bytes(at: row)
            if call.function == .urlEncode {
                buffer += URLParts.encoded(bytes)
                return true
            }
            let decoded = URLParts.decoded(bytes[...])
            guard String(validating: decoded, as: UTF8.self) != nil else {
                throw KernelError(.invalidArgument, "the decoded text is not UTF-8")
            }
            buffer += decoded
            return true
        }
    }

    private static func address(_ call: KernelCall) throws(KernelError) -> Column {
        let text = try call.text(0)
        switch call.function {
        case .ipFamily:
            return try call.rows.fixed(call.result) { row throws(KernelError) -> Int64? in
                IPAddress(text.string(at: row)).map { $0.isV4 ? 4 : 6 }
            }
        case .cidrContains:
            let addresses = try call.text(1)
            return try call.rows.truth { row throws(KernelError) -> Bool? in
                guard let network = IPNetwork(text.string(at: row)) else {
                    throw KernelError(
                        .invalidArgument, "this is no network such as 10.0.0.0/8",
                        ["network": text.string(at: row)])
                }
                return IPAddress(addresses.string(at: row)).map { network.contains($0) }
            }
        case .ipTruncate:
            let bits = try call.long(1)
            let wideBits: Operand<Int64> = call.has(2) ? try call.long(2) : .constant(48)
            return try call.rows.text(call.result) { row, buffer throws(KernelError) in
                guard let address = IPAddress(text.string(at: row)) else { return false }
                let kept = address.isV4 ? bits[row] : wideBits[row]
                guard kept >= 0, kept <= (address.isV4 ? 32 : 128) else {
                    throw KernelError(
                        .invalidArgument, "an address has 0 to \(address.isV4 ? 32 : 128) bits",
                        ["bits": kept])
                }
                buffer += Array(address.truncated(to: Int(kept)).description.utf8)
                return true
            }
        default:
            let salts = try call.text(1)
            return try call.rows.text(call.result) { row, buffer throws(KernelError) in
                guard let address = IPAddress(text.string(at: row)) else { return false }
                let digest = HMAC.sha256(key: salts.bytes(at: row), address.bytes)
                buffer += Array(Hex.encode(digest).utf8)
                return true
            }
        }
    }
}
