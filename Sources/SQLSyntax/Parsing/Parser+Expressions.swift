/// Expressions by precedence climbing; the table of precedences is `Precedence`.
extension Parser {
    mutating func expressionList() throws(SQLSyntaxError) -> [ExpressionSyntax] {
        try list { parser throws(SQLSyntaxError) in try parser.expression() }
    }

    /// Reads on as long as operators bind tighter than `level`.
    mutating func expression(
        tighterThan level: Int = Precedence.lowest, allowsStar: Bool = false
    ) throws(SQLSyntaxError) -> ExpressionSyntax {
        try nested { parser throws(SQLSyntaxError) in
            try parser.climb(above: level, allowsStar: allowsStar)
        }
    }

    private mutating func climb(above level: Int, allowsStar: Bool) throws(SQLSyntaxError) -> ExpressionSyntax
    {
        var left = try prefixed(allowsStar: allowsStar)
        if case .star = left.kind { return left }
        while true {
            if let next = try postfix(of: left, above: level, allowsStar: allowsStar) {
                if case .star = next.kind { return next }
                left = next
                continue
            }
            let start = position
            guard let binary = binaryOperator(), binary.precedence > level else {
                alsoExpected("an operator")
                return left
            }
            if let next = try quantified(left, binary, at: start) {
                left = next
                continue
            }
            if binary.isArithmetic {
                left = try arithmetic(behind: left, binary.precedence)
                continue
            }
            var operands = [left]
            repeat {
                advance()
                operands.append(try expression(tighterThan: binary.precedence))
            } while binary.isChained && binaryOperator() == binary
            left = try make(.binary(binary, operands), at: start)
        }
    }

    /// All operators of one precedence of arithmetic that follow `first`, at the first of them.
    private mutating func arithmetic(
        behind first: ExpressionSyntax, _ level: Int
    ) throws(SQLSyntaxError) -> ExpressionSyntax {
        var links: [ChainLinkSyntax] = []
        while let sign = binaryOperator(), sign.precedence == level {
            let start = position
            advance()
            let operand = try expression(tighterThan: level)
            links.append(ChainLinkSyntax(sign: sign, operand: operand, position: start))
        }
        return try chain(first, links, level)
    }

    /// The same tree whether or not a start of the chain was in parentheses.
    private mutating func chain(
        _ first: ExpressionSyntax, _ links: [ChainLinkSyntax], _ level: Int
    ) throws(SQLSyntaxError) -> ExpressionSyntax {
        var first = first
        var earlier: [ChainLinkSyntax] = []
        while case .binary(let sign, let sides) = first.kind, sign.isArithmetic, sign.precedence == level {
            earlier.append(ChainLinkSyntax(sign: sign, operand: sides[1], position: first.position))
            first = sides[0]
        }
        var all = Array(earlier.reversed()) + links
        if case .chain(let start, let inner) = first.kind, inner[0].sign.precedence == level {
            first = start
            all = inner + all
        }
        if all.count > SQLSyntaxLimits.nestedOperators, let last = all.last {
            return try make(.chain(first, all), at: last.position)
        }
        for link in all { first = try make(.binary(link.sign, [first, link.operand]), at: link.position) }
        return first
    }

    /// `> ANY (query)` behind a value, at the operator; nil when an operand follows.
    private mutating func quantified(
        _ value: ExpressionSyntax, _ comparison: BinaryOperator, at start: TextPosition
    ) throws(SQLSyntaxError) -> ExpressionSyntax? {
        guard comparison.precedence == Precedence.comparison,
            [.any, .some, .all].contains(lookAhead().keyword),
            lookAhead(2).kind == .sign(.openParenthesis)
        else { return nil }
        advance()
        let isAll = take(.all)
        if !isAll { advance() }
        advance()
        guard startsQuery else {
            let list = try expression()
            try expect(.closeParenthesis)
            return try compare(value, comparison, isAll: isAll, list, at: start)
        }
        let (query, height) = try measuredQuery()
        try expect(.closeParenthesis)
        return try make(
            .quantified(QuantifiedSyntax(value: value, comparison: comparison, isAll: isAll, query: query)),
            at: start, queryHeight: height)
    }

    private func binaryOperator() -> BinaryOperator? {
        switch token.kind {
        case .sign(let sign): BinaryOperator(sign)
        case .word(_, .and): .and
        case .word(_, .or): .or
        // A parameter has no value before it.
        case .parameter(nil): .jsonContains
        default: nil
        }
    }

    private mutating func prefixed(allowsStar: Bool) throws(SQLSyntaxError) -> ExpressionSyntax {
        let start = position
        let found: UnaryOperator? =
            switch token.kind {
            case .sign(.minus): .minus
            case .sign(.plus): .plus
            case .sign(.tilde): .bitNot
            case .word(_, .not): .not
            default: nil
            }
        guard let found else {
            if token.kind == .sign(.star), allowsStar { return try star(qualifier: nil) }
            return try primary(allowsStar: allowsStar)
        }
        advance()
        // `~a & b` is `(~a) & b`; before the others nothing of their own precedence can stand.
        let level = found == .bitNot ? found.precedence : found.precedence - 1
        let operand = try expression(tighterThan: level)
        return try make(.unary(found, operand), at: start)
    }

    /// One form that stands behind a value, if one that binds tighter than `level` stands here.
    private mutating func postfix(
        of value: ExpressionSyntax, above level: Int, allowsStar: Bool
    ) throws(SQLSyntaxError) -> ExpressionSyntax? {
        let start = position
        switch token.kind {
        case .sign(.doubleColon) where Precedence.postfix > level:
            advance()
            return try make(.cast(value, try type(), isTry: false), at: start)
        case .sign(.openBracket) where Precedence.postfix > level:
            advance()
            if take(.colon) { return try slice(of: value, from: nil, at: start) }
            let index = try expression()
            if takeColon() { return try slice(of: value, from: index, at: start) }
            try expect(.closeBracket)
            return try make(.element(value, index: index), at: start)
        case .sign(.period) where Precedence.postfix > level:
            advance()
            // `(s).*` is `s.*`.
            if allowsStar, token.kind == .sign(.star) {
                guard case .name(let name) = value.kind else {
                    throw unsupported(
                        "* of an expression", at: start, hint: "give it a name in a subquery: name.*")
                }
                return try star(qualifier: name)
            }
            return try make(.field(value, try label("the name of a field")), at: start)
        case .word(_, .at) where Precedence.atTimeZone > level:
            guard lookAhead().keyword == .time else { return nil }
            advance()
            advance()
            try expect(.zone)
            let zone = try expression(tighterThan: Precedence.atTimeZone)
            return try make(.atTimeZone(value, zone: zone), at: start)
        case .word where Precedence.atTimeZone > level && startsCollation:
            return try make(.collated(value, try collation()), at: start)
        case .word(_, .is) where Precedence.isTest > level: return try isTest(of: value)
        case .word where Precedence.isTest > level && (isWord("ISNULL") || isWord("NOTNULL")):
            let isNegated = isWord("NOTNULL")
            advance()
            return try make(.isTest(value, .null, isNegated: isNegated), at: start)
        case .word(_, .not) where Precedence.range > level:
            guard [.in, .between, .like, .ilike, .similar].contains(lookAhead().keyword) else { return nil }
            advance()
            return try range(of: value, isNegated: true, at: start)
        case .word(_, .in) where Precedence.range > level, .word(_, .between) where Precedence.range > level,
            .word(_, .like) where Precedence.range > level, .word(_, .ilike) where Precedence.range > level,
            .word(_, .similar) where Precedence.range > level:
            return try range(of: value, isNegated: false, at: start)
        default: return nil
        }
    }

    /// `list[from:to]`, behind the colon; both ends are included, and may be left out.
    private mutating func slice(
        of value: ExpressionSyntax, from: ExpressionSyntax?, at start: TextPosition
    ) throws(SQLSyntaxError) -> ExpressionSyntax {
        let first = if let from { from } else { try make(.literal(.number("1")), at: start) }
        let last =
            token.kind == .sign(.closeBracket)
            ? try make(.unary(.minus, try make(.literal(.number("1")), at: start)), at: start)
            : try expression()
        try expect(.closeBracket)
        let name = QualifiedName([Identifier("array_slice", at: start)])
        return try make(.call(CallSyntax(name, [value, first, last])), at: start)
    }

    private mutating func isTest(of value: ExpressionSyntax) throws(SQLSyntaxError) -> ExpressionSyntax {
        let start = position
        try expect(.is)
        let isNegated = take(.not)
        if take(.null) { return try make(.isTest(value, .null, isNegated: isNegated), at: start) }
        if take(.true) { return try make(.isTest(value, .true, isNegated: isNegated), at: start) }
        if take(.false) { return try make(.isTest(value, .false, isNegated: isNegated), at: start) }
        if take(.unknown) { return try make(.isTest(value, .unknown, isNegated: isNegated), at: start) }
        try expect(.distinct)
        try expect(.from)
        let other = try expression(tighterThan: Precedence.isTest)
        return try make(.isDistinct(value, other, isNegated: isNegated), at: start)
    }

    /// IN, BETWEEN, LIKE, ILIKE, SIMILAR TO, at the keyword.
    private mutating func range(
        of value: ExpressionSyntax, isNegated: Bool, at start: TextPosition
    ) throws(SQLSyntaxError) -> ExpressionSyntax {
        if take(.in) { return try inList(of: value, isNegated: isNegated, at: start) }
        if take(.between) {
            let isSymmetric = take(word: "SYMMETRIC")
            if !isSymmetric { _ = take(word: "ASYMMETRIC") }
            let low = try expression(tighterThan: Precedence.range)
            try expect(.and)
            let high = try expression(tighterThan: Precedence.range)
            let between = try make(.between(value, low: low, high: high, isNegated: isNegated), at: start)
            guard isSymmetric else { return between }
            let other = try make(.between(value, low: high, high: low, isNegated: isNegated), at: start)
            return try make(.binary(isNegated ? .and : .or, [between, other]), at: start)
        }
        let style: LikeSyntax.Style
        if take(.like) {
            style = .like
        } else if take(.ilike) {
            style = .ilike
        } else {
            try expect(.similar)
            try expect(.to)
            style = .similar
        }
        if [.any, .some, .all].contains(token.keyword), lookAhead().kind == .sign(.openParenthesis) {
            return try likeSeveral(value, style, isNegated: isNegated, at: start)
        }
        let pattern = try expression(tighterThan: Precedence.range)
        let escape = take(.escape) ? try expression(tighterThan: Precedence.range) : nil
        let like = LikeSyntax(
            value: value, pattern: pattern, escape: escape, style: style, isNegated: isNegated)
        return try make(.like(like), at: start)
    }

    private mutating func inList(
        of value: ExpressionSyntax, isNegated: Bool, at start: TextPosition
    ) throws(SQLSyntaxError) -> ExpressionSyntax {
        try expect(.openParenthesis)
        if startsQuery, token.kind != .sign(.openParenthesis) {
            let (query, height) = try measuredQuery()
            try expect(.closeParenthesis)
            return try make(.inQuery(value, query, isNegated: isNegated), at: start, queryHeight: height)
        }
        let elements = try expressionList()
        try expect(.closeParenthesis)
        return try make(.inList(value, elements, isNegated: isNegated), at: start)
    }
}
