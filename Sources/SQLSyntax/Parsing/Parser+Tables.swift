/// FROM: names, subqueries, functions and joins.
extension Parser {
    mutating func tableReference() throws(SQLSyntaxError) -> TableSyntax {
        try joined(try tablePrimary())
    }

    /// The joins behind a table. `a JOIN b JOIN c ON x ON y` is `a JOIN (b JOIN c ON x) ON y`.
    private mutating func joined(_ first: TableSyntax) throws(SQLSyntaxError) -> TableSyntax {
        var left = first
        while let (kind, isNatural, position) = try joinKind() {
            try countCombination()
            var right = try tablePrimary()
            if !isNatural, kind != .cross, startsJoin {
                right = try nested { parser throws(SQLSyntaxError) in try parser.joined(right) }
            }
            var condition = JoinSyntax.Condition.none
            if isNatural {
                condition = .natural
            } else if kind != .cross {
                if take(.on) {
                    condition = .on(try expression())
                } else {
                    try expect(.using)
                    condition = .using(try nameList())
                }
            }
            left = .join(
                JoinSyntax(kind: kind, left: left, right: right, condition: condition, position: position))
        }
        return left
    }

    private var startsJoin: Bool {
        let words: [Keyword] = [.join, .inner, .left, .right, .full, .cross, .natural]
        return words.contains { token.keyword == $0 }
    }

    private mutating func joinKind() throws(SQLSyntaxError) -> (
        JoinSyntax.Kind, isNatural: Bool, TextPosition
    )? {
        let start = position
        let isNatural = take(.natural)
        var kind: JoinSyntax.Kind = .inner
        if take(.cross) {
            kind = .cross
        } else if take(.inner) {
        } else if take(.left) {
            kind = .left
            _ = take(.outer)
        } else if take(.right) {
            kind = .right
            _ = take(.outer)
        } else if take(.full) {
            kind = .full
            _ = take(.outer)
        } else if take(.join) {
            return (kind, isNatural, start)
        } else if isNatural {
            throw unexpected()
        } else {
            return nil
        }
        if let fault = tableClauseFault() { throw fault }
        try expect(.join)
        return (kind, isNatural, start)
    }

    private mutating func tablePrimary() throws(SQLSyntaxError) -> TableSyntax {
        let isLateral = take(.lateral)
        if token.kind == .sign(.openParenthesis) { return try parenthesizedTable(isLateral: isLateral) }
        let name = try qualifiedName("a table")
        if token.kind == .sign(.openParenthesis) {
            var call = try callSyntax(of: name)
            if take(.with, .ordinality) { call.hasOrdinality = true }
            return .function(call, isLateral: isLateral, alias: try tableAlias())
        }
        if isLateral {
            alsoExpected("'('")
            throw unexpected()
        }
        let version = try tableVersion()
        return .named(NamedTableSyntax(name: name, version: version, alias: try tableAlias()))
    }

    /// A query in parentheses, or a join in them.
    private mutating func parenthesizedTable(isLateral: Bool) throws(SQLSyntaxError) -> TableSyntax {
        if holdsQuery() {
            let query = try parenthesized { parser throws(SQLSyntaxError) in try parser.query() }
            return .subquery(query, isLateral: isLateral, alias: try tableAlias())
        }
        advance()
        let table = try nested { parser throws(SQLSyntaxError) in try parser.tableReference() }
        try expect(.closeParenthesis)
        guard let alias = try tableAlias() else { return table }
        return table.inQuery(called: alias, isLateral: false)
    }

    /// Whether the parenthesis here holds a query, `((SELECT …) UNION …)`, and not a join, `((SELECT …) a JOIN …)`.
    private func holdsQuery() -> Bool {
        var ahead = 1
        while lookAhead(ahead).kind == .sign(.openParenthesis) { ahead += 1 }
        guard [.select, .with, .values].contains(lookAhead(ahead).keyword) else { return false }
        // What stands behind the inner parentheses tells: a query goes on with these words, or ends.
        for end in closings(of: ahead) {
            let next = lookAhead(end + 1)
            if next.kind == .sign(.closeParenthesis) { continue }
            let continuations: [Keyword] = [
                .union, .intersect, .except, .order, .limit, .offset, .fetch,
            ]
            return continuations.contains { next.keyword == $0 }
        }
        return true
    }

    /// How far ahead the next `count` tokens, all opening parentheses, are closed: from the second to the last one.
    private func closings(of count: Int) -> [Int] {
        var open: [Int] = []
        var found: [Int: Int] = [:]
        var ahead = 0
        repeat {
            switch lookAhead(ahead).kind {
            case .sign(.openParenthesis): open.append(ahead)
            case .sign(.closeParenthesis):
                if let start = open.popLast(), start < count { found[start] = ahead }
            case .end: return []
            default: break
            }
            ahead += 1
        } while !open.isEmpty
        return (1..<count).compactMap { found[$0] }
    }

    /// `FOR VERSION AS OF 12`, `FOR SYSTEM_TIME AS OF …`, `FOR TIMESTAMP AS OF …`; Spark leaves FOR out.
    private mutating func tableVersion() throws(SQLSyntaxError) -> NamedTableSyntax.Version? {
        let isBare =
            (token.keyword == .version || token.keyword == .timestamp) && lookAhead().keyword == .as
            && lookAhead(2).keyword == .of
        if isWord("UPDATE", ahead: 1) || isWord("SHARE", ahead: 1) { return nil }
        if !isBare, !take(.for) { return nil }
        let isVersion: Bool
        if take(.version) || take(word: "SYSTEM_VERSION") {
            isVersion = true
        } else if take(.timestamp) || take(word: "SYSTEM_TIME") {
            isVersion = false
        } else {
            try expect(.system)
            isVersion = take(.version)
            if !isVersion { try expect(.time) }
        }
        try expect(.as)
        try expect(.of)
        let value = try expression(tighterThan: Precedence.range)
        return isVersion ? .version(value) : .timestamp(value)
    }

    private mutating func tableAlias() throws(SQLSyntaxError) -> TableAliasSyntax? {
        if let fault = tableClauseFault() { throw fault }
        guard let name = try aliasIfAny() else { return nil }
        let columns = token.kind == .sign(.openParenthesis) ? try nameList() : []
        if let fault = tableClauseFault() { throw fault }
        return TableAliasSyntax(name: name, columns: columns)
    }
}
