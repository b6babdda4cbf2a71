/// Names, calls and their clauses.
extension Parser {
    /// Words that call a function without parentheses.
    static let bareFunctions: Set<String> = [
        "current_date", "current_time", "current_timestamp", "localtimestamp", "localtime",
    ]

    mutating func nameOrCall(allowsStar: Bool) throws(SQLSyntaxError) -> ExpressionSyntax {
        let start = position
        // LEFT and RIGHT are reserved for joins, and functions all the same.
        let isCall = lookAhead().kind == .sign(.openParenthesis)
        if case .word(let word, let keyword) = token.kind {
            if isCall, keyword == .left || keyword == .right {
                advance()
                return try make(
                    .call(try callSyntax(of: QualifiedName([Identifier(word, at: start)]))), at: start)
            }
            if !isCall, Self.bareFunctions.contains(word.lowercased()), lookAhead().kind != .sign(.period) {
                advance()
                return try bareCall(word, at: start)
            }
            if isCall, Self.bareFunctions.contains(word.lowercased()), case .number = lookAhead(2).kind {
                return try roundedCall(word, at: start)
            }
        }
        guard let first = identifierIfAny() else {
            alsoExpected("an expression")
            throw unexpected()
        }
        var parts = [first]
        while token.kind == .sign(.period) {
            if lookAhead().kind == .sign(.star), allowsStar {
                advance()
                return try star(qualifier: QualifiedName(parts))
            }
            advance()
            parts.append(try label("a name"))
            guard parts.count <= SQLSyntaxLimits.depth else { throw tooDeep() }
        }
        let name = QualifiedName(parts)
        guard token.kind == .sign(.openParenthesis) else {
            alsoExpected("'('")
            return try make(.name(name), at: start)
        }
        return try make(.call(try callSyntax(of: name)), at: start)
    }

    /// `CURRENT_TIMESTAMP(3)`, at the word.
    private mutating func roundedCall(
        _ word: String, at start: TextPosition
    ) throws(SQLSyntaxError) -> ExpressionSyntax {
        advance()
        let call = try bareCall(word, at: start)
        let digits = try parenthesized { parser throws(SQLSyntaxError) in try parser.smallInteger() }
        let types = [
            "current_timestamp": "timestamp with time zone", "localtimestamp": "timestamp",
            "current_date": "date",
        ]
        let type = TypeSyntax.named(types[word.lowercased()] ?? "time", arguments: [digits], position: start)
        return try make(.cast(call, type, isTry: false), at: start)
    }

    /// LOCALTIME and LOCALTIMESTAMP are those of a session in UTC.
    private mutating func bareCall(
        _ word: String, at start: TextPosition
    ) throws(SQLSyntaxError) -> ExpressionSyntax {
        let isLocal = word.lowercased().hasPrefix("local")
        let isTimestamp = word.lowercased() == "localtimestamp"
        let name = !isLocal ? word : isTimestamp ? "now" : "current_time"
        let call = try make(
            .call(CallSyntax(QualifiedName([Identifier(name, at: start)]), [])), at: start)
        guard isTimestamp else { return call }
        return try make(
            .cast(call, .named("timestamp", arguments: [], position: start), isTry: false), at: start)
    }

    /// At the star.
    mutating func star(qualifier: QualifiedName?) throws(SQLSyntaxError) -> ExpressionSyntax {
        let start = position
        try expect(.star)
        var star = StarSyntax(qualifier: qualifier)
        if take(.exclude)
            || token.keyword == .except && lookAhead().kind == .sign(.openParenthesis) && take(.except)
        {
            star.excluded =
                token.kind == .sign(.openParenthesis) ? try nameList() : [try identifier("a column")]
        }
        if take(.replace) {
            star.replaced = try parenthesized { parser throws(SQLSyntaxError) in
                try parser.list { parser throws(SQLSyntaxError) in
                    let value = try parser.expression()
                    try parser.expect(.as)
                    return StarSyntax.Replacement(value: value, name: try parser.label("a name"))
                }
            }
        }
        if take(.rename) {
            star.renamed = try parenthesized { parser throws(SQLSyntaxError) in
                try parser.list { parser throws(SQLSyntaxError) in
                    let from = try parser.identifier("a column")
                    try parser.expect(.as)
                    return StarSyntax.Renaming(from: from, to: try parser.label("a name"))
                }
            }
        }
        return try make(.star(star), at: qualifier?.position ?? start)
    }

    /// From the opening parenthesis to the last clause.
    mutating func callSyntax(of name: QualifiedName) throws(SQLSyntaxError) -> CallSyntax {
        var call = CallSyntax(name, [])
        try expect(.openParenthesis)
        if !take(.closeParenthesis) {
            call.isDistinct = take(.distinct)
            if !call.isDistinct { _ = take(.all) }
            call.arguments = try list { parser throws(SQLSyntaxError) in
                try parser.expression(allowsStar: true)
            }
            if call.arguments.count == 1, take(word: "PLACING") { try overlayArguments(of: &call) }
            if take(.order) {
                try expect(.by)
                call.order = try orderList()
            }
            call.nullTreatment = try nullTreatment()
            try expect(.closeParenthesis)
        }
        if take(.within) {
            try expect(.group)
            call.withinGroup = try parenthesized { parser throws(SQLSyntaxError) in
                try parser.expect(.order)
                try parser.expect(.by)
                return try parser.orderList()
            }
        }
        if token.keyword == .filter, lookAhead().kind == .sign(.openParenthesis) {
            advance()
            call.filter = try parenthesized { parser throws(SQLSyntaxError) in
                // DuckDB and SQLite leave WHERE out.
                _ = parser.take(.where)
                return try parser.expression()
            }
        }
        if call.nullTreatment == nil { call.nullTreatment = try nullTreatment() }
        if take(.over) {
            if token.kind == .sign(.openParenthesis) {
                call.window = .inline(try windowSpecification())
            } else {
                call.window = .named(try identifier("the name of a window"))
            }
        }
        return call
    }

    /// `PLACING text FROM start [FOR count]`, behind PLACING.
    private mutating func overlayArguments(of call: inout CallSyntax) throws(SQLSyntaxError) {
        call.arguments.append(try expression())
        try expect(.from)
        call.arguments.append(try expression())
        if take(.for) { call.arguments.append(try expression()) }
    }

    private mutating func nullTreatment() throws(SQLSyntaxError) -> CallSyntax.NullTreatment? {
        if take(.ignore, .nulls) { return .ignore }
        return take(.respect, .nulls) ? .respect : nil
    }

    mutating func windowSpecification() throws(SQLSyntaxError) -> WindowSpecificationSyntax {
        var specification = WindowSpecificationSyntax()
        try expect(.openParenthesis)
        let clauses: [Keyword] = [.partition, .order, .rows, .range, .groups]
        if !clauses.contains(where: { token.keyword == $0 }) { specification.base = identifierIfAny() }
        if take(.partition) {
            try expect(.by)
            specification.partition = try expressionList()
        }
        if take(.order) {
            try expect(.by)
            specification.order = try orderList()
        }
        if take(.rows) {
            specification.frame = try frame(.rows)
        } else if take(.range) {
            specification.frame = try frame(.range)
        } else if take(.groups) {
            specification.frame = try frame(.groups)
        }
        try expect(.closeParenthesis)
        return specification
    }

    private mutating func frame(_ unit: FrameSyntax.Unit) throws(SQLSyntaxError) -> FrameSyntax {
        var frame: FrameSyntax
        if take(.between) {
            let start = try frameBound()
            try expect(.and)
            frame = FrameSyntax(unit: unit, start: start, end: try frameBound())
        } else {
            frame = FrameSyntax(unit: unit, start: try frameBound())
        }
        if take(.exclude) { frame.exclusion = try frameExclusion() }
        return frame
    }

    private mutating func frameExclusion() throws(SQLSyntaxError) -> FrameSyntax.Exclusion {
        if take(.group) { return .group }
        if take(.ties) { return .ties }
        if take(.current) {
            try expect(.row)
            return .currentRow
        }
        try expect(.no)
        try expect(.others)
        return .none
    }

    private mutating func frameBound() throws(SQLSyntaxError) -> FrameSyntax.Bound {
        if take(.current) {
            try expect(.row)
            return .currentRow
        }
        if take(.unbounded) {
            if take(.preceding) { return .unboundedPreceding }
            try expect(.following)
            return .unboundedFollowing
        }
        let distance = try expression(tighterThan: Precedence.range)
        if take(.preceding) { return .preceding(distance) }
        try expect(.following)
        return .following(distance)
    }

    /// The calls the SQL standard writes with words inside; they become plain calls.
    mutating func standardCall(_ keyword: Keyword) throws(SQLSyntaxError) -> ExpressionSyntax {
        let start = position
        guard case .word(let word, _) = token.kind else { throw unexpected() }
        advance()
        try expect(.openParenthesis)
        var name = word
        var arguments: [ExpressionSyntax]
        switch keyword {
        case .extract:
            name = "date_part"
            arguments = try extractArguments()
        case .trim:
            (name, arguments) = try trimArguments(spelling: word)
        case .position:
            let first = try expression(tighterThan: Precedence.range)
            if take(.in) {
                name = "strpos"
                arguments = [try expression(), first]
            } else {
                try expect(.comma)
                arguments = [first] + (try expressionList())
            }
        default:
            arguments = [try expression()]
            if take(.from) {
                arguments.append(try expression())
                if take(.for) { arguments.append(try expression()) }
            } else if take(.for) {
                arguments += [ExpressionSyntax(.literal(.number("1")), at: start), try expression()]
            } else if take(.comma) {
                arguments += try expressionList()
            }
        }
        try expect(.closeParenthesis)
        return try make(.call(CallSyntax(QualifiedName([Identifier(name, at: start)]), arguments)), at: start)
    }

    /// `year FROM x`
    private mutating func extractArguments() throws(SQLSyntaxError) -> [ExpressionSyntax] {
        let start = position
        let part: String
        if case .string(let text) = token.kind {
            part = text
            advance()
        } else {
            part = try label("a part such as YEAR").text.lowercased()
        }
        try expect(.from)
        return [ExpressionSyntax(.literal(.string(part)), at: start), try expression()]
    }

    /// `[LEADING|TRAILING|BOTH] [characters] FROM x`, or plain arguments.
    private mutating func trimArguments(spelling: String) throws(SQLSyntaxError) -> (
        String, [ExpressionSyntax]
    ) {
        let side: String? = take(.leading) ? "ltrim" : take(.trailing) ? "rtrim" : take(.both) ? "btrim" : nil
        if take(.from) { return (side ?? "btrim", [try expression()]) }
        let first = try expression()
        if take(.from) { return (side ?? "btrim", [try expression(), first]) }
        if let side { return (side, [first]) }
        return (spelling, take(.comma) ? [first] + (try expressionList()) : [first])
    }
}
