/// Types.
extension Parser {
    mutating func type() throws(SQLSyntaxError) -> TypeSyntax {
        try nested { parser throws(SQLSyntaxError) in
            var type = try parser.elementType()
            var levels = 0
            while parser.token.kind == .sign(.openBracket), parser.lookAhead().kind == .sign(.closeBracket) {
                parser.advance()
                parser.advance()
                levels += 1
                guard levels <= SQLSyntaxLimits.depth else { throw parser.tooDeep() }
                type = .list(type)
            }
            return type
        }
    }

    private mutating func elementType() throws(SQLSyntaxError) -> TypeSyntax {
        let start = position
        let word = try typeWord().lowercased()
        // Elsewhere `<` compares: `x::varchar < y`.
        if Self.genericTypes.contains(word),
            let bracket = TypeBracket.allCases.first(where: { take($0.opening) })
        {
            return try genericType(word, bracket)
        }
        var name = word
        switch word {
        case "double":
            if take(word: "PRECISION") { name = "double precision" }
        case "character":
            if take(word: "VARYING") { name = "character varying" }
        default: break
        }
        var arguments: [Int] = []
        if take(.openParenthesis) {
            arguments = try list { parser throws(SQLSyntaxError) in try parser.smallInteger() }
            try expect(.closeParenthesis)
        }
        if name == "timestamp" || name == "time" {
            let isWithZone = token.keyword == .with
            if (isWithZone || isWord("WITHOUT")) && lookAhead().keyword == .time {
                advance()
                advance()
                try expect(.zone)
                if isWithZone { name += " with time zone" }
            }
        }
        return .named(name, arguments: arguments, position: start)
    }

    private static let genericTypes: Set<String> = ["list", "array", "map", "struct", "row"]

    private mutating func typeWord() throws(SQLSyntaxError) -> String {
        if case .word(_, .array) = token.kind { return try label("a type").text }
        return try identifier("a type").text
    }

    /// What stands around the parts of a type: Spark writes `STRUCT<a: INT>`, DuckDB `STRUCT(a INT)`.
    private enum TypeBracket: CaseIterable {
        case angle, round

        var opening: Sign { self == .angle ? .less : .openParenthesis }
    }

    /// `LIST<INT>`, `MAP<STRING, INT>`, `STRUCT<a INT, b: STRING>`, behind the opening bracket.
    private mutating func genericType(
        _ word: String, _ bracket: TypeBracket
    ) throws(SQLSyntaxError) -> TypeSyntax {
        let result: TypeSyntax
        switch word {
        case "list", "array": result = .list(try type())
        case "map":
            let key = try type()
            try expect(.comma)
            result = .map(key: key, value: try type())
        default:
            result = .structure(
                try list { parser throws(SQLSyntaxError) in
                    let name = try parser.label("the name of a field")
                    _ = parser.takeColon()
                    var field = TypeSyntax.Field(name: name, type: try parser.type())
                    field.isRequired = parser.take(.not, .null)
                    if parser.take(word: "COMMENT") { field.comment = try parser.text("a comment in quotes") }
                    return field
                })
        }
        switch bracket {
        case .angle: try closeAngle()
        case .round: try expect(.closeParenthesis)
        }
        return result
    }

    /// The lexer reads the end of `LIST<LIST<INT>>` as a shift.
    private mutating func closeAngle() throws(SQLSyntaxError) {
        if token.kind == .sign(.shiftRight) {
            splitShift()
        } else {
            try expect(.greater)
        }
    }

    mutating func smallInteger() throws(SQLSyntaxError) -> Int {
        guard case .number(let digits) = token.kind, let value = Int(digits), (0...1_000_000).contains(value)
        else {
            alsoExpected("a small whole number")
            throw unexpected()
        }
        advance()
        return value
    }

}
