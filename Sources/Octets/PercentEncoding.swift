/// Percent encoding of RFC 3986, taken off once, explicitly, where a layer needs the plain text.
package enum PercentEncoding {
    /// Leaves letters, digits and `-._~`, and slashes when `keepsSlashes`; upper-case digits, as AWS asks.
    package static func encode(_ bytes: some Sequence<UInt8>, keepsSlashes: Bool = false) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.underestimatedCount)
        for byte in bytes {
            if isUnreserved(byte) || (keepsSlashes && byte == UInt8(ascii: "/")) {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "%"), digit(byte >> 4), digit(byte & 15)]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    package static func encode(_ text: some StringProtocol, keepsSlashes: Bool = false) -> String {
        encode(text.utf8, keepsSlashes: keepsSlashes)
    }

    /// The plain bytes; nil when an escape is cut off or has no hex digits. A plus stays a plus unless `plusIsSpace`, as
    /// forms write it.
    package static func decodeBytes(_ text: some StringProtocol, plusIsSpace: Bool = false) -> [UInt8]? {
        let bytes = Array(text.utf8)
        let plus = UInt8(ascii: "+")
        guard bytes.contains(where: { $0 == UInt8(ascii: "%") || (plusIsSpace && $0 == plus) }) else {
            return bytes
        }
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "%") else {
                plain.append(plusIsSpace && bytes[index] == plus ? UInt8(ascii: " ") : bytes[index])
                index += 1
                continue
            }
            guard index + 2 < bytes.count, let high = Hex.nibble(bytes[index + 1]),
                let low = Hex.nibble(bytes[index + 2])
            else { return nil }
            plain.append(high << 4 | low)
            index += 3
        }
        return plain
    }

    /// Nil also when the plain bytes are not UTF-8.
    package static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        decodeBytes(text, plusIsSpace: plusIsSpace).flatMap { String(validating: $0, as: UTF8.self) }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
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
