/// Statements.
extension Parser {
    mutating func statement() throws(SQLSyntaxError) -> StatementSyntax {
        beginStatement()
        if startsQuery { return .query(try query()) }
        if take(.explain) { return .explain(try explain()) }
        if take(.describe) || take(.desc) { return try describe() }
        if take(.show) { return try show() }
        let start = position
        if take(.insert) { return .insert(try insert(at: start)) }
        if take(.create) { return try create() }
        if take(.drop) { return try drop() }
        if case .word(let word, _) = token.kind, Self.laterStatements.contains(word.uppercased()) {
            throw unsupported(
                word.uppercased(),
                hint: "this build runs SELECT, SHOW, DESCRIBE, EXPLAIN, CREATE NAMESPACE and DROP NAMESPACE")
        }
        for keyword in [Keyword.select, .with, .values] { _ = take(keyword) }
        throw unexpected()
    }

    private static let laterStatements: Set<String> = [
        "ALTER", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "SET", "USE", "COPY", "GRANT", "REVOKE", "ANALYZE",
        "VACUUM", "BEGIN", "COMMIT", "ROLLBACK", "PREPARE", "EXECUTE", "CALL",
    ]

    /// True at SELECT, WITH, VALUES and an opening parenthesis.
    var startsQuery: Bool {
        switch token.keyword {
        case .select, .with, .values: true
        default: token.kind == .sign(.openParenthesis)
        }
    }

    private mutating func explain() throws(SQLSyntaxError) -> ExplainSyntax {
        let isAnalyzing = take(.analyze)
        var format = ExplainSyntax.Format.text
        if take(.format) {
            if take(.json) {
                format = .json
            } else if take(.tree) {
                format = .tree
            } else if case .word(let word, _) = token.kind, word.uppercased() == "TEXT" {
                advance()
            } else {
                alsoExpected("TEXT")
                throw unexpected()
            }
        }
        guard startsQuery else {
            alsoExpected("a query")
            throw unexpected()
        }
        return ExplainSyntax(query: try query(), format: format, isAnalyzing: isAnalyzing)
    }

    private mutating func describe() throws(SQLSyntaxError) -> StatementSyntax {
        _ = take(.table)
        return .describe(try qualifiedName("a table"))
    }

    private mutating func show() throws(SQLSyntaxError) -> StatementSyntax {
        if take(.namespaces) || take(.databases) || take(.schemas) {
            return .showNamespaces(like: try likePattern())
        }
        guard take(.tables) else { throw unexpected() }
        let namespace = take(.in) || take(.from) ? try qualifiedName("a namespace") : nil
        return .showTables(in: namespace, like: try likePattern())
    }

    private mutating func likePattern() throws(SQLSyntaxError) -> String? {
        guard take(.like) else { return nil }
        guard case .string(let pattern) = token.kind else {
            alsoExpected("a pattern in quotes")
            throw unexpected()
        }
        advance()
        return pattern
    }

    private mutating func insert(at start: TextPosition) throws(SQLSyntaxError) -> InsertSyntax {
        try expect(.into)
        let target = try qualifiedName("the name of a table or sink")
        var columns: [Identifier] = []
        // `INSERT INTO t (SELECT …)` has a query in parentheses, not columns.
        if token.kind == .sign(.openParenthesis),
            ![.select, .with, .values].contains(lookAhead().keyword),
            lookAhead().kind != .sign(.openParenthesis)
        {
            columns = try parenthesized { parser throws(SQLSyntaxError) in
                try parser.list { parser throws(SQLSyntaxError) in try parser.identifier("a column") }
            }
        }
        guard startsQuery else {
            for keyword in [Keyword.select, .values, .with] { _ = take(keyword) }
            throw unexpected()
        }
        return InsertSyntax(target: target, columns: columns, source: try query(), position: start)
    }

    private mutating func create() throws(SQLSyntaxError) -> StatementSyntax {
        guard take(.namespace) || take(.schema) || take(.database) else { throw laterObject("CREATE") }
        let ifNotExists = take(.if)
        if ifNotExists {
            try expect(.not)
            try expect(.exists)
        }
        return .createNamespace(try qualifiedName("a namespace"), ifNotExists: ifNotExists)
    }

    private mutating func drop() throws(SQLSyntaxError) -> StatementSyntax {
        guard take(.namespace) || take(.schema) || take(.database) else { throw laterObject("DROP") }
        let ifExists = take(.if)
        if ifExists { try expect(.exists) }
        let name = try qualifiedName("a namespace")
        let isCascading = take(.cascade)
        if !isCascading { _ = take(.restrict) }
        return .dropNamespace(name, ifExists: ifExists, isCascading: isCascading)
    }

    private func laterObject(_ verb: String) -> SQLSyntaxError {
        if case .word(let word, _) = token.kind,
            ["TABLE", "VIEW", "OR", "FUNCTION"].contains(word.uppercased())
        {
            return unsupported(
                "\(verb) \(word.uppercased())", hint: "create tables through the catalog or a sink")
        }
        return unexpected()
    }
}
