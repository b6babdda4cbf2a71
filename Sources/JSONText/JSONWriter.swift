extension JSONValue: CustomStringConvertible {
    /// Compact text, members in their order.
    package var description: String { String(decoding: serialized(), as: UTF8.self) }

    /// UTF-8 text. `indent` spaces a level; nil writes one line without spaces.
    package func serialized(indent: Int? = nil) -> [UInt8] {
        var bytes: [UInt8] = []
        write(to: &bytes, indent: indent, level: 0)
        return bytes
    }

    /// Adds the text of one line to what is in `bytes`.
    package func append(to bytes: inout [UInt8]) { write(to: &bytes, indent: nil, level: 0) }

    private func write(to bytes: inout [UInt8], indent: Int?, level: Int) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .boolean(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        case .number(let digits): bytes.append(contentsOf: digits.utf8)
        case .string(let text): JSONValue.appendQuoted(text, to: &bytes)
        case .array(let elements):
            writeList(elements, "[", "]", to: &bytes, indent: indent, level: level) { element, bytes in
                element.write(to: &bytes, indent: indent, level: level + 1)
            }
        case .object(let object):
            writeList(object.members, "{", "}", to: &bytes, indent: indent, level: level) { member, bytes in
                JSONValue.appendQuoted(member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                if indent != nil { bytes.append(UInt8(ascii: " ")) }
                member.value.write(to: &bytes, indent: indent, level: level + 1)
            }
        }
    }

    private func writeList<Element>(
        _ elements: [Element], _ open: Unicode.Scalar, _ close: Unicode.Scalar, to bytes: inout [UInt8],
        indent: Int?, level: Int, _ writeElement: (Element, inout [UInt8]) -> Void
    ) {
        func newline(_ level: Int) {
            guard let indent else { return }
            bytes.append(UInt8(ascii: "\n"))
            bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent * level))
        }
        bytes.append(UInt8(ascii: open))
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            newline(level + 1)
            writeElement(element, &bytes)
        }
        if !elements.isEmpty { newline(level) }
        bytes.append(UInt8(ascii: close))
    }

    /// Writes a string with quotes and the escapes JSON demands.
    package static func appendQuoted(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        // Most strings need no escape and are copied whole.
        if !needsEscape(text.utf8Span.span) {
            bytes.append(contentsOf: text.utf8)
            bytes.append(UInt8(ascii: "\""))
            return
        }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0A: bytes.append(contentsOf: "\\n".utf8)
            case 0x0D: bytes.append(contentsOf: "\\r".utf8)
            case 0x09: bytes.append(contentsOf: "\\t".utf8)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func needsEscape(_ text: Span<UInt8>) -> Bool {
        for index in text.indices {
            let byte = text[index]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return true }
        }
        return false
    }
}
