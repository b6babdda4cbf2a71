/// Statements.
extension Parser {
    mutating func statement() throws(SQLSyntaxError) -> StatementSyntax {
        beginStatement()
        if startsQuery { return try queryOrInsert() }
        if let fault = dialectFault() { throw fault }
        if take(.explain) { return .explain(try explain()) }
        if take(.describe) || take(.desc) { return try describe() }
        if take(.show) { return try show() }
        let start = position
        if take(.insert) { return .insert(try insert(at: start)) }
        if take(.create) { return try create(at: start) }
        if take(.drop) { return try drop() }
        if take(word: "ALTER") { return try alter() }
        if take(word: "TRUNCATE") {
            _ = take(.table)
            return .truncate(
                try list { parser throws(SQLSyntaxError) in try parser.qualifiedName("a table") })
        }
        if take(word: "COMMENT") { return try commentOn() }
        if take(word: "SET") { return .set(try setting()) }
        if take(word: "RESET") { return .reset(try take(.all) ? nil : settingName()) }
        for keyword in [Keyword.select, .with, .values] { _ = take(keyword) }
        throw unexpected()
    }

    /// True at SELECT, WITH, VALUES and an opening parenthesis.
    var startsQuery: Bool {
        switch token.keyword {
        case .select, .with, .values: true
        default: token.kind == .sign(.openParenthesis)
        }
    }

    private mutating func explain() throws(SQLSyntaxError) -> ExplainSyntax {
        var options = ExplainOptions()
        if token.kind == .sign(.openParenthesis), startsExplainOption(ahead: 1) {
            advance()
            repeat {
                guard try take(&options) else {
                    alsoExpected("ANALYZE")
                    throw unexpected()
                }
            } while take(.comma)
            try expect(.closeParenthesis)
        } else {
            while try take(&options) {}
        }
        return ExplainSyntax(
            subject: try explained(isAnalyzing: options.isAnalyzing), format: options.format,
            isAnalyzing: options.isAnalyzing, showsPasses: options.showsPasses)
    }

    private mutating func explained(isAnalyzing: Bool) throws(SQLSyntaxError) -> ExplainSyntax.Subject {
        let start = position
        let statement: StatementSyntax
        if startsQuery {
            statement = try queryOrInsert()
        } else if take(.insert) {
            statement = .insert(try insert(at: start))
        } else if take(.create) {
            statement = try create(at: start)
        } else {
            alsoExpected("a query")
            throw unexpected()
        }
        if case .query(let query) = statement { return .query(query) }
        if isAnalyzing {
            throw unsupported(
                "EXPLAIN ANALYZE of a statement that writes", at: start, hint: "explain the query it writes")
        }
        switch statement {
        case .insert(let insert): return .insert(insert)
        case .createTable(let table) where table.source != nil: return .createTable(table)
        default: throw unsupported("EXPLAIN of a statement that reads nothing", at: start)
        }
    }

    private struct ExplainOptions {
        var format = ExplainSyntax.Format.text
        var isAnalyzing = false
        var showsPasses = false
    }

    /// A query in parentheses begins otherwise.
    private func startsExplainOption(ahead distance: Int) -> Bool {
        switch lookAhead(distance).keyword {
        case .analyze, .format: true
        default: isWord("PASSES", ahead: distance) || isWord("VERBOSE", ahead: distance)
        }
    }

    /// False where no option stands.
    private mutating func take(_ options: inout ExplainOptions) throws(SQLSyntaxError) -> Bool {
        if take(.analyze) {
            options.isAnalyzing = true
        } else if take(.format) {
            options.format = try explainFormat()
        } else if take(word: "PASSES") || take(word: "VERBOSE") {
            options.showsPasses = true
        } else {
            return false
        }
        return true
    }

    private mutating func explainFormat() throws(SQLSyntaxError) -> ExplainSyntax.Format {
        if take(.json) { return .json }
        if take(.tree) { return .tree }
        if take(word: "TEXT") { return .text }
        throw unexpected()
    }

    private mutating func describe() throws(SQLSyntaxError) -> StatementSyntax {
        if startsQuery { return .describeQuery(try query()) }
        _ = take(.table)
        // A table may be called extended.
        let isNamed = lookAhead().kind != .end && lookAhead().kind != .sign(.period)
        let isExtended = isNamed && take(word: "EXTENDED")
        return .describe(try qualifiedName("a table or view"), isExtended: isExtended)
    }

    private mutating func show() throws(SQLSyntaxError) -> StatementSyntax {
        if take(.namespaces) || take(.databases) || take(.schemas) {
            return .showNamespaces(like: try likePattern())
        }
        if take(word: "FUNCTIONS") { return .showFunctions(like: try likePattern()) }
        if take(.tables) { return .showTables(in: try inNamespace(), like: try likePattern()) }
        if take(word: "COLUMNS") {
            if !take(.from) { try expect(.in) }
            return .describe(try qualifiedName("a table or view"), isExtended: false)
        }
        if take(word: "VIEWS") { return .showViews(in: try inNamespace(), like: try likePattern()) }
        if take(.create) {
            let isView = take(word: "VIEW")
            if !isView { try expect(.table) }
            return .showCreate(try qualifiedName("a name"), isView: isView)
        }
        if take(word: "SETTINGS") || take(.all) { return .showSettings(nil) }
        alsoExpected("the name of a setting")
        guard let name = identifierIfAny() else { throw unexpected() }
        return .showSettings(name)
    }

    private mutating func inNamespace() throws(SQLSyntaxError) -> QualifiedName? {
        take(.in) || take(.from) ? try qualifiedName("a namespace") : nil
    }

    private mutating func settingName() throws(SQLSyntaxError) -> Identifier {
        try identifier("the name of a setting")
    }

    private mutating func setting() throws(SQLSyntaxError) -> SettingSyntax {
        let name = try settingName()
        if !take(.equal) { try expect(.to) }
        let sign = take(.minus) ? "-" : ""
        let value: String
        switch token.kind {
        case .string(let text) where sign.isEmpty: value = text
        case .number(let digits): value = sign + digits
        case .word(let word, _) where sign.isEmpty: value = word
        default:
            alsoExpected("a value")
            throw unexpected()
        }
        advance()
        return SettingSyntax(name: name, value: value)
    }

    private mutating func likePattern() throws(SQLSyntaxError) -> String? {
        take(.like) ? try text("a pattern in quotes") : nil
    }

    mutating func insert(at start: TextPosition) throws(SQLSyntaxError) -> InsertSyntax {
        if isWord("OVERWRITE") {
            throw unsupported("INSERT OVERWRITE", hint: "TRUNCATE the table, then INSERT INTO it")
        }
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
        if token.keyword == .by, isWord("NAME", ahead: 1) {
            throw unsupported("INSERT BY NAME", hint: "name the columns behind the table")
        }
        let source: QuerySyntax
        if isWord("DEFAULT"), lookAhead().keyword == .values, columns.isEmpty {
            source = InsertSyntax.defaultValues(at: position)
            advance()
            advance()
        } else if startsQuery {
            source = try query()
        } else {
            for keyword in [Keyword.select, .values, .with] { _ = take(keyword) }
            throw unexpected()
        }
        if isWord("RETURNING") {
            throw unsupported("RETURNING", hint: "the answer's count says how many rows there are")
        }
        if token.keyword == .on, isWord("CONFLICT", ahead: 1) {
            throw unsupported("ON CONFLICT", hint: "Iceberg tables have no unique keys")
        }
        return InsertSyntax(target: target, columns: columns, source: source, position: start)
    }
}
