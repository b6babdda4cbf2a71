/// Literals: quotes, escapes, digits.
extension Lexer {
    /// Text up to the closing quote; the quote doubled is the quote itself.
    mutating func quoted(
        _ quote: Unicode.Scalar, _ what: String, from start: TextPosition
    ) throws(SQLSyntaxError) -> String {
        let mark = UInt8(ascii: quote)
        offset += 1
        var text: [UInt8] = []
        while offset < bytes.count {
            let byte = peek()
            offset += 1
            if byte == mark {
                guard peek() == mark, offset < bytes.count else {
                    return String(decoding: text, as: UTF8.self)
                }
                offset += 1
            }
            text.append(byte)
        }
        throw SQLSyntaxError(
            .unterminated, "the \(what) never ends", at: start, hint: "close it with \(quote)")
    }

    /// `'…'`, with what goes on in quotes on the next lines, as in the SQL standard.
    mutating func string(from start: TextPosition) throws(SQLSyntaxError) -> String {
        var text = try quoted("'", "string", from: start)
        while let distance = continuation() {
            offset += distance
            text += try quoted("'", "string", from: start)
        }
        return text
    }

    /// How far away the next quote is, when a line break and nothing but blanks lie before it.
    private func continuation() -> Int? {
        var distance = 0
        var hasBreak = false
        while [0x20, 0x09, 0x0A, 0x0D].contains(peek(distance)) {
            hasBreak = hasBreak || peek(distance) == 0x0A
            distance += 1
        }
        return hasBreak && peek(distance) == UInt8(ascii: "'") ? distance : nil
    }

    /// `E'line\n'`: backslash escapes as in PostgreSQL.
    mutating func escapedString(from start: TextPosition) throws(SQLSyntaxError) -> String {
        offset += 1
        var text: [UInt8] = []
        while offset < bytes.count {
            let byte = peek()
            offset += 1
            switch byte {
            case UInt8(ascii: "'"):
                guard peek() == byte, offset < bytes.count else {
                    guard let text = String(validating: text, as: UTF8.self) else {
                        throw SQLSyntaxError(
                            .invalidToken, "the escapes of the string do not make UTF-8", at: start,
                            hint: "write a character as \\u00e9, bytes as X'c3a9'")
                    }
                    return text
                }
                offset += 1
                text.append(byte)
            case UInt8(ascii: "\\"):
                text += try escape(from: start)
            default: text.append(byte)
            }
        }
        throw SQLSyntaxError(.unterminated, "the string never ends", at: start, hint: "close it with '")
    }

    private mutating func escape(from start: TextPosition) throws(SQLSyntaxError) -> [UInt8] {
        guard offset < bytes.count else {
            throw SQLSyntaxError(.unterminated, "the string never ends", at: start, hint: "close it with '")
        }
        let letter = peek()
        offset += 1
        switch letter {
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "u"): return try unicodeEscape(digits: 4, from: start)
        case UInt8(ascii: "U"): return try unicodeEscape(digits: 8, from: start)
        case UInt8(ascii: "x") where Self.hexValue(peek()) != nil:
            return [try byteEscape(radix: 16, digits: 2, from: start)]
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            offset -= 1
            return [try byteEscape(radix: 8, digits: 3, from: start)]
        default: return [letter]
        }
    }

    /// `\x41`, `\101`: as many digits as there are, up to `digits`.
    private mutating func byteEscape(
        radix: Int, digits: Int, from start: TextPosition
    ) throws(SQLSyntaxError) -> UInt8 {
        var value = 0
        for _ in 0..<digits {
            guard let digit = Self.hexValue(peek()), digit < radix else { break }
            value = value * radix + Int(digit)
            offset += 1
        }
        guard value > 0 else {
            throw SQLSyntaxError(
                .invalidToken, "a string has no character zero", at: start, hint: "write bytes as X'00'")
        }
        guard value <= UInt8.max else {
            throw SQLSyntaxError(.invalidToken, "an octal escape goes up to \\377", at: start)
        }
        return UInt8(value)
    }

    private mutating func unicodeEscape(
        digits: Int, from start: TextPosition
    ) throws(SQLSyntaxError) -> [UInt8] {
        let end = min(offset + digits, bytes.count)
        let text = String(decoding: bytes[offset..<end], as: UTF8.self)
        guard text.utf8.count == digits, text.utf8.allSatisfy({ Self.hexValue($0) != nil }),
            let scalar = UInt32(text, radix: 16).flatMap(Unicode.Scalar.init), scalar.value > 0
        else {
            throw SQLSyntaxError(
                .invalidToken, "a Unicode escape is not \(digits) hex digits of a character",
                ["escape": text], at: start)
        }
        offset = end
        return Array(String(Character(scalar)).utf8)
    }

    /// `X'cafe'`
    mutating func hexString(from start: TextPosition) throws(SQLSyntaxError) -> [UInt8] {
        let digits = Array(try quoted("'", "string", from: start).utf8)
        var result: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard index + 1 < digits.count, let high = Self.hexValue(digits[index]),
                let low = Self.hexValue(digits[index + 1])
            else {
                throw SQLSyntaxError(.invalidToken, "the bytes of X'…' are pairs of hex digits", at: start)
            }
            result.append(high << 4 | low)
        }
        return result
    }

    /// `12`, `1_000`, `1.5`, `.5`, `1e-3`, `0x1F`
    mutating func number(from start: TextPosition) throws(SQLSyntaxError) -> Token.Kind {
        if peek() == UInt8(ascii: "0"), peek(1) | 0x20 == UInt8(ascii: "x") {
            offset += 2
            let digits = takeWord().replacing("_", with: "")
            guard let value = UInt64(digits, radix: 16) else {
                throw SQLSyntaxError(.invalidToken, "0x is followed by up to 16 hex digits", at: start)
            }
            return .number(String(value))
        }
        var text = takeDigits()
        // `1..2` is no number; a period before a word is a member.
        if peek() == UInt8(ascii: "."), peek(1) != UInt8(ascii: ".") {
            offset += 1
            text += "." + takeDigits()
        }
        if peek() | 0x20 == UInt8(ascii: "e") {
            let signLength = [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(peek(1)) ? 1 : 0
            if Self.isDigit(peek(1 + signLength)) {
                text += "e"
                if signLength == 1 { text += peek(1) == UInt8(ascii: "-") ? "-" : "" }
                offset += 1 + signLength
                text += takeDigits()
            }
        }
        if Self.isWordStart(peek()) {
            throw SQLSyntaxError(
                .invalidToken, "letters stand behind a number", ["number": text + takeWord()], at: start,
                hint: "put a space between them, or quotes around a name")
        }
        return .number(text)
    }

    private mutating func takeDigits() -> String {
        let start = offset
        while Self.isDigit(peek()) || peek() == UInt8(ascii: "_") && Self.isDigit(peek(1)) && offset > start {
            offset += 1
        }
        return String(decoding: bytes[start..<offset].filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
    }

    /// `$1`, `$$text$$` or `$tag$text$tag$`
    mutating func dollar(from start: TextPosition) throws(SQLSyntaxError) -> Token.Kind {
        offset += 1
        if Self.isDigit(peek()) {
            let digits = takeDigits()
            guard let index = Int(digits), (1...65_535).contains(index) else {
                throw SQLSyntaxError(
                    .invalidToken, "parameters count from $1 to $65535", ["parameter": "$" + digits],
                    at: start)
            }
            return .parameter(index)
        }
        let tagStart = offset
        while Self.isWordPart(peek()), peek() != UInt8(ascii: "$") { offset += 1 }
        guard peek() == UInt8(ascii: "$") else {
            throw SQLSyntaxError(.invalidToken, "a dollar sign starts $1 or $$text$$", at: start)
        }
        let fence = [UInt8(ascii: "$")] + bytes[tagStart..<offset] + [UInt8(ascii: "$")]
        offset += 1
        let textStart = offset
        while offset + fence.count <= bytes.count {
            if bytes[offset..<offset + fence.count].elementsEqual(fence) {
                let text = String(decoding: bytes[textStart..<offset], as: UTF8.self)
                offset += fence.count
                return .string(text)
            }
            offset += 1
        }
        throw SQLSyntaxError(.unterminated, "the dollar-quoted string never ends", at: start)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
