/// Cuts a text into tokens; comments and white space vanish.
///
/// - Errors: `SYN-102`, `SYN-103`, `SYN-105`.
struct Lexer {
    let bytes: [UInt8]
    var offset = 0
    private var line: Int32 = 1
    private var lineStart = 0
    /// Continuation bytes of UTF-8 seen in this line: they are no columns.
    private var continuationBytes = 0
    private var positionOffset = 0

    private init(_ text: String) { bytes = Array(text.utf8) }

    static func tokens(of text: String) throws(SQLSyntaxError) -> [Token] {
        var lexer = Lexer(text)
        guard lexer.bytes.count <= SQLSyntaxLimits.textBytes else {
            throw SQLSyntaxError(
                .tooLong, "the text is longer than a statement may be",
                ["bytes": lexer.bytes.count, "limit": SQLSyntaxLimits.textBytes], at: .start)
        }
        var tokens: [Token] = []
        while true {
            let before = lexer.offset
            try lexer.skipBlank()
            let position = lexer.position()
            let isAttached = before == lexer.offset && before > 0
            let kind = try lexer.next(at: position)
            tokens.append(Token(kind: kind, position: position, isAttached: isAttached))
            if kind == .end { return tokens }
        }
    }

    func peek(_ distance: Int = 0) -> UInt8 {
        offset + distance < bytes.count ? bytes[offset + distance] : 0
    }

    /// The position of `offset`; walks on from the last call, so that the whole text is walked once.
    private mutating func position() -> TextPosition {
        while positionOffset < offset {
            let byte = bytes[positionOffset]
            positionOffset += 1
            if byte == UInt8(ascii: "\n") {
                line += 1
                lineStart = positionOffset
                continuationBytes = 0
            } else if byte & 0xC0 == 0x80 {
                continuationBytes += 1
            }
        }
        return TextPosition(line: line, column: Int32(offset - lineStart - continuationBytes + 1))
    }

    private mutating func skipBlank() throws(SQLSyntaxError) {
        while offset < bytes.count {
            switch (peek(), peek(1)) {
            case (0x20, _), (0x09...0x0D, _): offset += 1
            case (0xC2, 0xA0): offset += 2
            case (UInt8(ascii: "-"), UInt8(ascii: "-")):
                while offset < bytes.count, peek() != UInt8(ascii: "\n") { offset += 1 }
            case (UInt8(ascii: "/"), UInt8(ascii: "*")): try skipBlockComment()
            default: return
            }
        }
    }

    /// Comments nest, as in the SQL standard.
    private mutating func skipBlockComment() throws(SQLSyntaxError) {
        let start = position()
        var depth = 0
        repeat {
            switch (peek(), peek(1)) {
            case (UInt8(ascii: "/"), UInt8(ascii: "*")):
                depth += 1
                offset += 2
            case (UInt8(ascii: "*"), UInt8(ascii: "/")):
                depth -= 1
                offset += 2
            default:
                guard offset < bytes.count else {
                    throw SQLSyntaxError(
                        .unterminated, "the comment never ends", at: start, hint: "close it with */")
                }
                offset += 1
            }
        } while depth > 0
    }

    private mutating func next(at start: TextPosition) throws(SQLSyntaxError) -> Token.Kind {
        guard offset < bytes.count else { return .end }
        switch peek() {
        case UInt8(ascii: "'"): return .string(try string(from: start))
        case UInt8(ascii: "\""): return try name(quotedBy: "\"", from: start)
        case UInt8(ascii: "`"): return try name(quotedBy: "`", from: start)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(from: start)
        case UInt8(ascii: ".") where Self.isDigit(peek(1)): return try number(from: start)
        case UInt8(ascii: "$"): return try dollar(from: start)
        case UInt8(ascii: "?"):
            offset += 1
            return .parameter(nil)
        case UInt8(ascii: ":") where Self.isWordStart(peek(1)):
            offset += 1
            return .namedParameter(takeWord())
        case UInt8(ascii: "e") where peek(1) == UInt8(ascii: "'"),
            UInt8(ascii: "E") where peek(1) == UInt8(ascii: "'"):
            offset += 1
            return .string(try escapedString(from: start))
        case UInt8(ascii: "x") where peek(1) == UInt8(ascii: "'"),
            UInt8(ascii: "X") where peek(1) == UInt8(ascii: "'"):
            offset += 1
            return .bytes(try hexString(from: start))
        case let byte where Self.isWordStart(byte):
            let word = takeWord()
            return .word(word, Keyword.named(word))
        default: return .sign(try sign(at: start))
        }
    }

    private mutating func sign(at start: TextPosition) throws(SQLSyntaxError) -> Sign {
        if let sign = Sign.longest(at: bytes[offset...].prefix(3)) {
            offset += sign.rawValue.utf8.count
            return sign
        }
        throw SQLSyntaxError(
            .invalidToken, "no token starts with this character",
            ["character": "\(Unicode.Scalar(peek()))"], at: start)
    }

    mutating func takeWord() -> String {
        let start = offset
        while offset < bytes.count, Self.isWordPart(peek()) { offset += 1 }
        return String(decoding: bytes[start..<offset], as: UTF8.self)
    }

    private mutating func name(
        quotedBy quote: Unicode.Scalar, from start: TextPosition
    ) throws(SQLSyntaxError) -> Token.Kind {
        let text = try quoted(quote, "quoted name", from: start)
        if text.isEmpty { throw SQLSyntaxError(.invalidToken, "a name in quotes is empty", at: start) }
        return .quotedName(text)
    }

    static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    static func isWordStart(_ byte: UInt8) -> Bool {
        (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A || byte == UInt8(ascii: "_") || byte >= 0x80
    }
    static func isWordPart(_ byte: UInt8) -> Bool {
        isWordStart(byte) || isDigit(byte) || byte == UInt8(ascii: "$")
    }
}
