/// Percent encoding of RFC 3986, taken off once, explicitly, where a layer needs the plain text.
package enum PercentEncoding {
    /// Leaves letters, digits and `-._~`, and slashes when `keepsSlashes`; upper-case digits, as AWS asks.
    package static func encode(_ bytes: some Sequence<UInt8>, keepsSlashes: Bool = false) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            if isUnreserved(byte) || (keepsSlashes && byte == UInt8(ascii: "/")) {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    package static func encode(_ text: some StringProtocol, keepsSlashes: Bool = false) -> String {
        encode(text.utf8, keepsSlashes: keepsSlashes)
    }

    /// The plain bytes; nil when an escape is cut off or has no hex digits. A plus stays a plus.
    package static func decodeBytes(_ text: some StringProtocol) -> [UInt8]? {
        let bytes = Array(text.utf8)
        guard bytes.contains(UInt8(ascii: "%")) else { return bytes }
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "%") else {
                plain.append(bytes[index])
                index += 1
                continue
            }
            guard index + 2 < bytes.count,
                let byte = Hex.decode(String(decoding: bytes[index + 1...index + 2], as: UTF8.self))
            else { return nil }
            plain += byte
            index += 3
        }
        return plain
    }

    /// Nil also when the plain bytes are not UTF-8.
    package static func decode(_ text: some StringProtocol) -> String? {
        decodeBytes(text).flatMap { String(validating: $0, as: UTF8.self) }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
