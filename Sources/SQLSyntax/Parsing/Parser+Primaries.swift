/// Literals, names, parentheses and the forms that start with their own keyword.
extension Parser {
    mutating func primary(allowsStar: Bool = false) throws(SQLSyntaxError) -> ExpressionSyntax {
        let start = position
        switch token.kind {
        case .number(let digits):
            advance()
            return try make(.literal(.number(digits)), at: start)
        case .string(let text):
            advance()
            return try make(.literal(.string(text)), at: start)
        case .bytes(let bytes):
            advance()
            return try make(.literal(.bytes(bytes)), at: start)
        case .parameter(let index):
            let number = try parameter(index)
            advance()
            return try make(.parameter(.index(number)), at: start)
        case .namedParameter(let name):
            parameter(named: name)
            advance()
            return try make(.parameter(.named(name)), at: start)
        case .sign(.openParenthesis): return try parenthesis()
        case .sign(.openBracket): return try arrayLiteral(at: start)
        case .sign(.openBrace): return try structLiteral(at: start)
        case .word where isWord("MAP") && lookAhead().kind == .sign(.openBrace):
            return try mapLiteral(at: start)
        case .word(_, let keyword?):
            if let form = try keywordForm(keyword, at: start) { return form }
        default: break
        }
        if let literal = try typedLiteral() { return literal }
        return try nameOrCall(allowsStar: allowsStar)
    }

    private mutating func parenthesis() throws(SQLSyntaxError) -> ExpressionSyntax {
        let start = position
        if [.select, .with, .values].contains(lookAhead().keyword) {
            advance()
            let (query, height) = try measuredQuery()
            try expect(.closeParenthesis)
            return try make(.subquery(query), at: start, queryHeight: height)
        }
        let elements = try parenthesized { parser throws(SQLSyntaxError) in try parser.expressionList() }
        return elements.count == 1 ? elements[0] : try make(.row(elements), at: start)
    }

    /// `[1, 2]`, at the bracket.
    private mutating func arrayLiteral(at start: TextPosition) throws(SQLSyntaxError) -> ExpressionSyntax {
        try expect(.openBracket)
        if take(.closeBracket) { return try make(.array([]), at: start) }
        let elements = try expressionList()
        try expect(.closeBracket)
        return try make(.array(elements), at: start)
    }

    /// The form a keyword starts, or nil when the word is a name here.
    private mutating func keywordForm(
        _ keyword: Keyword, at start: TextPosition
    ) throws(SQLSyntaxError) -> ExpressionSyntax? {
        let next = lookAhead().kind
        switch keyword {
        case .null:
            advance()
            return try make(.literal(.null), at: start)
        case .true, .false:
            advance()
            return try make(.literal(.boolean(keyword == .true)), at: start)
        case .case: return try caseExpression()
        case .cast, .tryCast:
            guard next == .sign(.openParenthesis) else { return nil }
            return try castCall(isTry: keyword == .tryCast)
        case .exists:
            advance()
            try expect(.openParenthesis)
            guard startsQuery else {
                alsoExpected("a query")
                throw unexpected()
            }
            let (query, height) = try measuredQuery()
            try expect(.closeParenthesis)
            return try make(.exists(query), at: start, queryHeight: height)
        case .array:
            advance()
            if token.kind == .sign(.openBracket) { return try arrayLiteral(at: start) }
            guard take(.openParenthesis) else {
                _ = take(.openBracket)
                throw unexpected()
            }
            guard startsQuery else {
                alsoExpected("a query")
                throw unexpected()
            }
            let (query, height) = try measuredQuery()
            try expect(.closeParenthesis)
            return try make(.arrayQuery(query), at: start, queryHeight: height)
        case .row:
            guard next == .sign(.openParenthesis) else { return nil }
            advance()
            return try make(
                .row(try parenthesized { parser throws(SQLSyntaxError) in try parser.expressionList() }),
                at: start)
        case .interval: return try interval()
        case .extract, .substring, .trim, .position:
            guard next == .sign(.openParenthesis) else { return nil }
            return try standardCall(keyword)
        default: return nil
        }
    }

    private mutating func caseExpression() throws(SQLSyntaxError) -> ExpressionSyntax {
        let start = position
        try expect(.case)
        let operand = token.keyword == .when ? nil : try expression()
        var branches: [CaseSyntax.Branch] = []
        repeat {
            try expect(.when)
            let when = try expression()
            try expect(.then)
            branches.append(CaseSyntax.Branch(when: when, then: try expression()))
        } while token.keyword == .when
        let otherwise = take(.else) ? try expression() : nil
        try expect(.end)
        return try make(
            .caseWhen(CaseSyntax(operand: operand, branches: branches, otherwise: otherwise)), at: start)
    }

    private mutating func castCall(isTry: Bool) throws(SQLSyntaxError) -> ExpressionSyntax {
        let start = position
        advance()
        try expect(.openParenthesis)
        let value = try expression()
        try expect(.as)
        let type = try type()
        try expect(.closeParenthesis)
        return try make(.cast(value, type, isTry: isTry), at: start)
    }

    /// `INTERVAL '7 days'`, `INTERVAL '7' DAY`, `INTERVAL 7 DAY`, `INTERVAL (x) DAY`; elsewhere the word is a name.
    private mutating func interval() throws(SQLSyntaxError) -> ExpressionSyntax? {
        let start = position
        switch lookAhead().kind {
        case .string(let text):
            advance()
            advance()
            let unit = intervalUnit()
            return try make(.literal(try intervalLiteral(text, from: unit)), at: start)
        case .number(let digits):
            advance()
            advance()
            guard let unit = intervalUnit() else {
                alsoExpected("a unit such as DAY")
                throw unexpected()
            }
            // Not cut to its unit, as a text would be.
            return try make(.literal(.interval("\(digits) \(unit)", units: [])), at: start)
        case .sign(.openParenthesis):
            advance()
            let count = try parenthesized { parser throws(SQLSyntaxError) in try parser.expression() }
            guard let unit = intervalUnit() else {
                alsoExpected("a unit such as DAY")
                throw unexpected()
            }
            let one = try make(.literal(.interval("1 \(unit)", units: [])), at: start)
            return try make(.binary(.multiply, [count, one]), at: start)
        default: return nil
        }
    }

    mutating func intervalUnit() -> String? {
        guard case .word(let word, _) = token.kind else { return nil }
        let unit = word.lowercased()
        let singular = unit.hasSuffix("s") ? String(unit.dropLast()) : unit
        let units = [
            "year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond",
            "microsecond",
            "nanosecond",
        ]
        guard units.contains(singular) else { return nil }
        advance()
        return singular
    }

    /// A type's name and a string: `DATE '2026-01-31'`.
    private mutating func typedLiteral() throws(SQLSyntaxError) -> ExpressionSyntax? {
        // A name that would be printed in quotes is no type here: `day$ '…'`, `current_date '…'`.
        guard case .word(let word, let keyword) = token.kind, keyword?.isReserved != true,
            !Self.bareFunctions.contains(word.lowercased()),
            word.utf8.allSatisfy({ $0 < 0x80 && $0 != UInt8(ascii: "$") })
        else { return nil }
        let start = (index, position)
        switch lookAhead().kind {
        case .string(let text):
            let type = try type()
            advance()
            return try make(.literal(.typed(type, text)), at: start.1)
        case .word where startsLongTypeName, .sign(.openParenthesis) where startsTypeWithDigits:
            let type = try type()
            guard case .string(let text) = token.kind else {
                rewind(to: start.0)
                return nil
            }
            advance()
            return try make(.literal(.typed(type, text)), at: start.1)
        default: return nil
        }
    }

    /// A query and the height of its tallest expression.
    mutating func measuredQuery() throws(SQLSyntaxError) -> (QuerySyntax, height: Int) {
        let outer = tallest
        tallest = 0
        let query = try query()
        let height = tallest
        tallest = max(outer, height)
        return (query, height)
    }
}
