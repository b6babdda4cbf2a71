import Columnar

/// Reads bytes from text: those of its UTF-8, or behind `\x` those that hexadecimal digits name, as `::text` writes them.
///
/// PostgreSQL also reads a backslash before octal digits; other text is its own bytes here, as in the hosted service.
enum BytesParsing {
    static func isHex(_ text: Span<UInt8>) -> Bool {
        text.count >= 2 && text[0] == UInt8(ascii: "\\") && text[1] == UInt8(ascii: "x")
    }

    /// False for digits that are none, or half a byte. White space between bytes is left out, as in PostgreSQL.
    static func append(_ text: Span<UInt8>, to buffer: inout [UInt8]) -> Bool {
        guard isHex(text) else {
            buffer.append(copying: text)
            return true
        }
        var index = 2
        while index < text.count {
            if isSpace(text[index]) {
                index += 1
                continue
            }
            guard index + 1 < text.count, let high = digit(text[index]), let low = digit(text[index + 1])
            else { return false }
            buffer.append(high << 4 | low)
            index += 2
        }
        return true
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (0x09...0x0D).contains(byte)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
