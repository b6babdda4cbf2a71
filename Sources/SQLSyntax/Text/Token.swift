/// One word, literal or sign of a statement, with where it starts.
struct Token: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// Not in quotes; a name or a keyword.
        case word(String, Keyword?)
        /// In double quotes or backticks: always a name.
        case quotedName(String)
        /// Digits as written, without underscores.
        case number(String)
        case string(String)
        /// `X'cafe'`
        case bytes([UInt8])
        /// `$1`: counts from one. `?` has no number.
        case parameter(Int?)
        case namedParameter(String)
        case sign(Sign)
        case end
    }

    let kind: Kind
    let position: TextPosition
    /// True when nothing stands between this token and the one before.
    let isAttached: Bool

    var keyword: Keyword? { if case .word(_, let keyword) = kind { keyword } else { nil } }

    /// What an error message calls this token.
    var shown: String {
        switch kind {
        case .word(let text, _): text
        case .quotedName(let text): "\"\(text)\""
        case .number(let digits): digits
        case .string(let text): "'\(text.count > 40 ? text.prefix(40) + "…" : text[...])'"
        case .bytes: "X'…'"
        case .parameter(let index): index.map { "$\($0)" } ?? "?"
        case .namedParameter(let name): ":\(name)"
        case .sign(let sign): sign.rawValue
        case .end: "the end of the text"
        }
    }
}

/// The signs of the grammar, by their spelling.
enum Sign: String, CaseIterable, Sendable {
    case openParenthesis = "("
    case closeParenthesis = ")"
    case openBracket = "["
    case closeBracket = "]"
    case openBrace = "{"
    case closeBrace = "}"
    case comma = ","
    case semicolon = ";"
    case period = "."
    case colon = ":"
    case doubleColon = "::"
    case plus = "+"
    case minus = "-"
    case star = "*"
    case slash = "/"
    case percent = "%"
    case caret = "^"
    case concatenate = "||"
    case bitOr = "|"
    case bitAnd = "&"
    case bitXor = "#"
    case shiftLeft = "<<"
    case shiftRight = ">>"
    case equal = "="
    case doubleEqual = "=="
    case notEqual = "<>"
    case bangEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case tilde = "~"
    case tildeStar = "~*"
    case bangTilde = "!~"
    case bangTildeStar = "!~*"
    case arrow = "->"
    case doubleArrow = "->>"
    case fatArrow = "=>"
    case atGreater = "@>"
    case lessAt = "<@"
    case doubleAmpersand = "&&"

    /// By up to three bytes of spelling, packed.
    private static let bySpelling = Dictionary(
        uniqueKeysWithValues: allCases.map { (packed(Array($0.rawValue.utf8)[...]), $0) })

    private static func packed(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The longest sign these bytes start with: `->>` is not read as `->` and `>`.
    static func longest(at bytes: ArraySlice<UInt8>) -> Sign? {
        for length in [3, 2, 1] where length <= bytes.count {
            if let sign = bySpelling[packed(bytes.prefix(length))] { return sign }
        }
        return nil
    }
}
