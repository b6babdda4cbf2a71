/// Queries: WITH, SELECT, set operators, ORDER BY, LIMIT.
extension Parser {
    mutating func query() throws(SQLSyntaxError) -> QuerySyntax {
        try nested { parser throws(SQLSyntaxError) in try parser.unboundedQuery() }
    }

    private mutating func unboundedQuery() throws(SQLSyntaxError) -> QuerySyntax {
        let start = position
        return try query(behind: try withClause(), from: start)
    }

    /// A query, or `WITH … INSERT INTO t SELECT …`, which is `INSERT INTO t WITH … SELECT …`.
    mutating func queryOrInsert() throws(SQLSyntaxError) -> StatementSyntax {
        try nested { parser throws(SQLSyntaxError) in
            let start = parser.position
            let with = try parser.withClause()
            let place = parser.position
            guard !with.tables.isEmpty, parser.take(.insert) else {
                return .query(try parser.query(behind: with, from: start))
            }
            var insert = try parser.insert(at: place)
            // A WITH of the query's own sees this one.
            if !insert.source.commonTables.isEmpty {
                insert.source = QuerySyntax(body: .query(insert.source), position: insert.source.position)
            }
            insert.source.commonTables = with.tables
            insert.source.isRecursive = with.isRecursive
            return .insert(insert)
        }
    }

    /// `WITH …`; no tables where the word does not stand.
    private mutating func withClause() throws(SQLSyntaxError) -> (
        tables: [QuerySyntax.CommonTable], isRecursive: Bool
    ) {
        guard take(.with) else { return ([], false) }
        let isRecursive = take(.recursive)
        return (try list { parser throws(SQLSyntaxError) in try parser.commonTable() }, isRecursive)
    }

    private mutating func query(
        behind with: (tables: [QuerySyntax.CommonTable], isRecursive: Bool), from start: TextPosition
    ) throws(SQLSyntaxError) -> QuerySyntax {
        var query = QuerySyntax(body: try body(tighterThan: 0), position: start)
        query.commonTables = with.tables
        query.isRecursive = with.isRecursive
        if take(.order) {
            try expect(.by)
            query.order = take(.all) ? [try direction(of: .everyColumn(at: position))] : try orderList()
        }
        try limits(&query)
        return query
    }

    private mutating func commonTable() throws(SQLSyntaxError) -> QuerySyntax.CommonTable {
        let name = try identifier("a name")
        let columns = token.kind == .sign(.openParenthesis) ? try nameList() : []
        try expect(.as)
        var isMaterialized: Bool?
        if take(.not) {
            try expect(.materialized)
            isMaterialized = false
        } else if take(.materialized) {
            isMaterialized = true
        }
        let query = try parenthesized { parser throws(SQLSyntaxError) in try parser.query() }
        return QuerySyntax.CommonTable(
            name: name, columns: columns, query: query, isMaterialized: isMaterialized)
    }

    mutating func nameList() throws(SQLSyntaxError) -> [Identifier] {
        try parenthesized { parser throws(SQLSyntaxError) in
            try parser.list { parser throws(SQLSyntaxError) in try parser.identifier("a name") }
        }
    }

    /// LIMIT, OFFSET and FETCH in any order, each once.
    private mutating func limits(_ query: inout QuerySyntax) throws(SQLSyntaxError) {
        while true {
            if query.limit == nil, take(.limit) {
                // LIMIT ALL is no limit.
                if !take(.all) { query.limit = try expression() }
            } else if query.offset == nil, take(.offset) {
                query.offset = try expression()
                if !take(.rows) { _ = take(.row) }
            } else if query.limit == nil, take(.fetch) {
                if !take(.first) { try expect(.next) }
                let one = ExpressionSyntax(.literal(.number("1")), at: position)
                query.limit = token.keyword == .row || token.keyword == .rows ? one : try primary()
                if !take(.rows) { try expect(.row) }
                if take(.with) {
                    try expect(.ties)
                    query.keepsTies = true
                } else {
                    try expect(.only)
                }
            } else {
                return
            }
        }
    }

    /// INTERSECT binds tighter than UNION and EXCEPT; all go from left to right.
    private mutating func body(tighterThan level: Int) throws(SQLSyntaxError) -> QueryBodySyntax {
        var left = try simpleBody()
        while true {
            let found: (SetOperator, Int)? =
                switch token.keyword {
                case .union: (.union, 1)
                case .except: (.except, 1)
                case .intersect: (.intersect, 2)
                default: nil
                }
            guard let (setOperator, precedence) = found, precedence > level else {
                alsoExpected("UNION")
                return left
            }
            try countCombination()
            advance()
            let isAll = take(.all)
            if !isAll { _ = take(.distinct) }
            let right = try nested { parser throws(SQLSyntaxError) in try parser.body(tighterThan: precedence)
            }
            left = .combined(setOperator, isAll: isAll, left, right)
        }
    }

    private mutating func simpleBody() throws(SQLSyntaxError) -> QueryBodySyntax {
        if token.keyword == .select { return .select(try select()) }
        if take(.values) {
            return .values(
                try list { parser throws(SQLSyntaxError) in
                    try parser.parenthesized { parser throws(SQLSyntaxError) in try parser.expressionList() }
                })
        }
        guard token.kind == .sign(.openParenthesis) else {
            _ = take(.select)
            throw unexpected()
        }
        let query = try parenthesized { parser throws(SQLSyntaxError) in try parser.query() }
        return .query(query)
    }

    private mutating func select() throws(SQLSyntaxError) -> SelectSyntax {
        var select = SelectSyntax(position: position)
        try expect(.select)
        if take(.distinct) {
            select.distinct = .rows
            if take(.on) {
                select.distinct = .on(
                    try parenthesized { parser throws(SQLSyntaxError) in try parser.expressionList() })
            }
        } else {
            _ = take(.all)
        }
        select.items = try list { parser throws(SQLSyntaxError) in try parser.selectItem() }
        if take(.from) {
            select.from = try list { parser throws(SQLSyntaxError) in try parser.tableReference() }
        }
        if take(.where) { select.condition = try expression() }
        if take(.group) {
            try expect(.by)
            select.grouping = try grouping()
        }
        if take(.having) { select.having = try expression() }
        if take(.window) {
            select.windows = try list { parser throws(SQLSyntaxError) in try parser.namedWindow() }
        }
        if take(.qualify) { select.qualify = try expression() }
        return select
    }

    private mutating func selectItem() throws(SQLSyntaxError) -> SelectSyntax.Item {
        let value = try expression(allowsStar: true)
        if case .star = value.kind { return SelectSyntax.Item(value: value, alias: nil) }
        return SelectSyntax.Item(value: value, alias: try aliasIfAny())
    }

    private mutating func grouping() throws(SQLSyntaxError) -> GroupingSyntax {
        if take(.all) { return .all }
        return .elements(try list { parser throws(SQLSyntaxError) in try parser.groupingElement() })
    }

    private mutating func groupingElement() throws(SQLSyntaxError) -> GroupingSyntax.Element {
        if lookAhead().kind == .sign(.openParenthesis) {
            if take(.rollup) { return .rollup(try groupingLists()) }
            if take(.cube) { return .cube(try groupingLists()) }
        }
        if take(.grouping, .sets) { return .sets(try groupingSets()) }
        if token.kind == .sign(.openParenthesis), lookAhead().kind == .sign(.closeParenthesis) {
            return .sets([try groupingList()])
        }
        return .key(try expression())
    }

    /// `(a, (b, c), ROLLUP (d, e), ())`: sets inside sets are written out.
    private mutating func groupingSets() throws(SQLSyntaxError) -> [[ExpressionSyntax]] {
        try nested { parser throws(SQLSyntaxError) in
            try parser.parenthesized { parser throws(SQLSyntaxError) in
                try parser.list { parser throws(SQLSyntaxError) in try parser.setsInside() }.flatMap { $0 }
            }
        }
    }

    private mutating func setsInside() throws(SQLSyntaxError) -> [[ExpressionSyntax]] {
        if take(.grouping, .sets) { return try groupingSets() }
        guard lookAhead().kind == .sign(.openParenthesis), [.rollup, .cube].contains(token.keyword) else {
            return [try groupingList()]
        }
        let isRollup = take(.rollup)
        if !isRollup { try expect(.cube) }
        let lists = try groupingLists()
        guard lists.count <= SQLSyntaxLimits.setsInside else {
            throw unsupported("a ROLLUP or CUBE of so many keys inside GROUPING SETS")
        }
        if isRollup { return (0...lists.count).reversed().map { Array(lists[..<$0].joined()) } }
        return (0..<1 << lists.count).reversed().map { mask in
            lists.indices.filter { mask >> (lists.count - 1 - $0) & 1 == 1 }.flatMap { lists[$0] }
        }
    }

    /// `(a, (b, c), ())`
    private mutating func groupingLists() throws(SQLSyntaxError) -> [[ExpressionSyntax]] {
        try parenthesized { parser throws(SQLSyntaxError) in
            try parser.list { parser throws(SQLSyntaxError) in try parser.groupingList() }
        }
    }

    /// `a`, `(a, b)`, which is a row too, `()`; `(SELECT …)` and `(a) + 1` begin as a list does.
    private mutating func groupingList() throws(SQLSyntaxError) -> [ExpressionSyntax] {
        if token.kind == .sign(.openParenthesis), lookAhead().kind == .sign(.closeParenthesis) {
            advance()
            advance()
            return []
        }
        let key = try expression()
        if case .row(let keys) = key.kind { return keys }
        return [key]
    }

    private mutating func namedWindow() throws(SQLSyntaxError) -> SelectSyntax.NamedWindow {
        let name = try identifier("the name of a window")
        try expect(.as)
        return SelectSyntax.NamedWindow(name: name, specification: try windowSpecification())
    }

    mutating func orderList() throws(SQLSyntaxError) -> [OrderSyntax] {
        try list { parser throws(SQLSyntaxError) in
            try parser.direction(of: try parser.expression())
        }
    }

    /// `[ASC|DESC] [NULLS FIRST|LAST]`, behind the value.
    private mutating func direction(of value: ExpressionSyntax) throws(SQLSyntaxError) -> OrderSyntax {
        let isDescending = take(.desc)
        if !isDescending { _ = take(.asc) }
        var nullsFirst: Bool?
        if take(.nulls) {
            nullsFirst = take(.first)
            if nullsFirst == false { try expect(.last) }
        }
        return OrderSyntax(value: value, isDescending: isDescending, nullsFirst: nullsFirst)
    }
}
