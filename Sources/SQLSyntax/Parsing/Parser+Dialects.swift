/// Forms of PostgreSQL and DuckDB that are other forms in disguise.
extension Parser {
    /// `{'x': 1, y: 'two'}`, at the brace: `named_struct('x', 1, 'y', 'two')`.
    mutating func structLiteral(at start: TextPosition) throws(SQLSyntaxError) -> ExpressionSyntax {
        let entries = try braced { parser throws(SQLSyntaxError) in
            let place = parser.position
            if case .string(let text) = parser.token.kind {
                parser.advance()
                return ExpressionSyntax(.literal(.string(text)), at: place)
            }
            return ExpressionSyntax(
                .literal(.string(try parser.label("the name of a field").text)), at: place)
        }
        return try call("named_struct", entries.flatMap { [$0.key, $0.value] }, at: start)
    }

    /// `MAP {'x': 1}`, at the word: `map(['x'], [1])`.
    mutating func mapLiteral(at start: TextPosition) throws(SQLSyntaxError) -> ExpressionSyntax {
        advance()
        let entries = try braced { parser throws(SQLSyntaxError) in try parser.expression() }
        let keys = try make(.array(entries.map(\.key)), at: start)
        let values = try make(.array(entries.map(\.value)), at: start)
        return try call("map", [keys, values], at: start)
    }

    private mutating func braced(
        _ key: (inout Parser) throws(SQLSyntaxError) -> ExpressionSyntax
    ) throws(SQLSyntaxError) -> [(key: ExpressionSyntax, value: ExpressionSyntax)] {
        try expect(.openBrace)
        var entries: [(key: ExpressionSyntax, value: ExpressionSyntax)] = []
        repeat {
            let name = try key(&self)
            guard takeColon() else { throw unexpected() }
            entries.append((name, try expression()))
        } while take(.comma)
        try expect(.closeBrace)
        return entries
    }

    /// `value > ANY (list)`; over the elements of a list that is written out it is IN.
    mutating func compare(
        _ value: ExpressionSyntax, _ comparison: BinaryOperator, isAll: Bool, _ list: ExpressionSyntax,
        at start: TextPosition
    ) throws(SQLSyntaxError) -> ExpressionSyntax {
        let isMembership = comparison == (isAll ? .notEqual : .equal)
        if isMembership, case .array(let elements) = list.kind, !elements.isEmpty {
            return try make(.inList(value, elements, isNegated: isAll), at: start)
        }
        return try make(.quantifiedList(value, comparison, isAll: isAll, list: list), at: start)
    }

    /// `LIKE ANY ('a%', 'b%')` or `LIKE ALL (['a%', 'b%'])`, at the quantifier: one LIKE for each pattern.
    mutating func likeSeveral(
        _ value: ExpressionSyntax, _ style: LikeSyntax.Style, isNegated: Bool, at start: TextPosition
    ) throws(SQLSyntaxError) -> ExpressionSyntax {
        let isAll = take(.all)
        if !isAll { advance() }
        try expect(.openParenthesis)
        if startsQuery, token.kind != .sign(.openParenthesis) {
            alsoExpected("patterns")
            throw unexpected()
        }
        var patterns = try expressionList()
        try expect(.closeParenthesis)
        if patterns.count == 1, case .array(let elements) = patterns[0].kind { patterns = elements }
        let escape = take(.escape) ? try expression(tighterThan: Precedence.range) : nil
        var tests: [ExpressionSyntax] = []
        for pattern in patterns {
            let like = LikeSyntax(
                value: value, pattern: pattern, escape: escape, style: style, isNegated: isNegated)
            tests.append(try make(.like(like), at: start))
        }
        if tests.isEmpty { return try make(.literal(.boolean(isAll)), at: start) }
        return tests.count == 1 ? tests[0] : try make(.binary(isAll ? .and : .or, tests), at: start)
    }

    /// Units of which the larger may stand before `TO` and the smaller behind it; years go with months alone.
    private static let qualifiers = ["year", "month", "day", "hour", "minute", "second"]

    /// The text and its units: `'1.5' HOUR`, `'1-2' YEAR TO MONTH`; other units are a part of the text, `'3' WEEK`.
    mutating func intervalLiteral(
        _ text: String, from unit: String?
    ) throws(SQLSyntaxError) -> LiteralSyntax {
        guard let unit else { return .interval(text, units: []) }
        let first = Self.qualifiers.firstIndex(of: unit)
        guard take(.to) else {
            return first == nil ? .interval("\(text) \(unit)", units: []) : .interval(text, units: [unit])
        }
        let place = position
        guard let end = intervalUnit() else {
            alsoExpected("a unit such as MONTH")
            throw unexpected()
        }
        guard let first, let last = Self.qualifiers.firstIndex(of: end), first < last,
            first == 0 ? last == 1 : first > 1
        else {
            throw SQLSyntaxError(
                .invalidToken, "an interval has no such units", ["units": "\(unit) to \(end)"], at: place,
                hint: "write INTERVAL '1-2' YEAR TO MONTH or INTERVAL '3 04:05:06' DAY TO SECOND")
        }
        return .interval(text, units: [unit, end])
    }

    /// COLLATE before a name; elsewhere it is a name itself.
    var startsCollation: Bool {
        guard isWord("COLLATE") else { return false }
        switch lookAhead().kind {
        case .quotedName: return true
        case .word(_, let keyword): return keyword?.isReserved != true
        default: return false
        }
    }

    /// Collations in which texts sort by their bytes, as all of them do here.
    private static let binaryCollations: Set<String> = [
        "c", "posix", "default", "ucs_basic", "binary", "c.utf8", "c.utf-8",
    ]

    /// `COLLATE name`, which changes nothing.
    @discardableResult
    mutating func collation() throws(SQLSyntaxError) -> QualifiedName {
        try expect(word: "COLLATE")
        let name = try qualifiedName("a collation")
        guard Self.binaryCollations.contains(name.last.text.lowercased()) else {
            throw unsupported(
                "the collation \(name)", at: name.position,
                hint: "texts sort by their bytes, as COLLATE \"C\" says")
        }
        return name
    }

    /// `TIMESTAMP WITH TIME ZONE '…'`, `DOUBLE PRECISION '…'`: a type's name of several words before a literal.
    var startsLongTypeName: Bool {
        let isTime = token.keyword == .timestamp || token.keyword == .time
        if isTime { return lookAhead().keyword == .with || isWord("WITHOUT", ahead: 1) }
        return isWord("DOUBLE") && isWord("PRECISION", ahead: 1)
    }

    /// `TIMESTAMP(3) '…'`, `DECIMAL(9, 2) '…'`: a name before numbers in parentheses and a text.
    var startsTypeWithDigits: Bool {
        var distance = 2
        while case .number = lookAhead(distance).kind {
            switch lookAhead(distance + 1).kind {
            case .sign(.comma): distance += 2
            case .sign(.closeParenthesis):
                let next = lookAhead(distance + 2)
                if case .string = next.kind { return true }
                let isTime = token.keyword == .timestamp || token.keyword == .time
                return isTime && (next.keyword == .with || isWord("WITHOUT", ahead: distance + 2))
            default: return false
            }
        }
        return false
    }

    private mutating func call(
        _ name: String, _ arguments: [ExpressionSyntax], at start: TextPosition
    ) throws(SQLSyntaxError) -> ExpressionSyntax {
        try make(.call(CallSyntax(QualifiedName([Identifier(name, at: start)]), arguments)), at: start)
    }
}
