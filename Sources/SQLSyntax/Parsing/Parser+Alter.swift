/// ALTER and COMMENT ON.
extension Parser {
    /// Behind ALTER.
    mutating func alter() throws(SQLSyntaxError) -> StatementSyntax {
        if take(.namespace) || take(.schema) || take(.database) {
            let name = try qualifiedName("a namespace")
            guard let change = try propertyChange() else { throw unexpected() }
            return .alterNamespace(name, change)
        }
        if take(word: "VIEW") { return .alterView(try alterView()) }
        try expect(.table)
        let ifExists = try takeIfExists()
        let name = try qualifiedName("a table")
        var actions = try alterActions()
        while take(.comma) { actions += try alterActions() }
        return .alterTable(AlterTableSyntax(name: name, ifExists: ifExists, actions: actions))
    }

    private mutating func alterView() throws(SQLSyntaxError) -> AlterViewSyntax {
        let ifExists = try takeIfExists()
        let name = try qualifiedName("a view")
        if take(.as) {
            guard startsQuery else {
                alsoExpected("a query")
                throw unexpected()
            }
            return AlterViewSyntax(name: name, ifExists: ifExists, change: .query(try query()))
        }
        if take(.rename) {
            try expect(.to)
            return AlterViewSyntax(
                name: name, ifExists: ifExists, change: .rename(try qualifiedName("a view")))
        }
        guard let change = try propertyChange() else { throw unexpected() }
        return AlterViewSyntax(name: name, ifExists: ifExists, change: .properties(change))
    }

    /// `COMMENT ON TABLE t IS 'text'`, `COMMENT ON COLUMN t.c IS NULL`
    mutating func commentOn() throws(SQLSyntaxError) -> StatementSyntax {
        try expect(.on)
        let isColumn = take(word: "COLUMN")
        if !isColumn { try expect(.table) }
        let name = try qualifiedName(isColumn ? "a column with its table" : "a table")
        try expect(.is)
        let comment = take(.null) ? nil : try text("a comment in quotes, or NULL")
        guard isColumn else {
            let change =
                comment.map {
                    PropertyChangeSyntax(
                        updates: [PropertySyntax(name: "comment", value: $0, position: name.position)])
                } ?? PropertyChangeSyntax(removals: ["comment"])
            return .alterTable(AlterTableSyntax(name: name, actions: [.properties(change)]))
        }
        guard name.parts.count > 1 else {
            throw SQLSyntaxError(
                .unexpectedToken, "the column is named without its table", ["column": "\(name)"],
                at: name.position, hint: "write COMMENT ON COLUMN namespace.table.column")
        }
        return .alterTable(
            AlterTableSyntax(
                name: QualifiedName(Array(name.parts.dropLast())),
                actions: [.commentColumn(QualifiedName([name.last]), comment)]))
    }

    /// One action; ADD COLUMNS and DROP COLUMNS give several.
    private mutating func alterActions() throws(SQLSyntaxError) -> [AlterTableSyntax.Action] {
        if take(word: "ADD") { return try addActions() }
        if take(.drop) { return try dropActions() }
        if take(.rename) { return [try renameAction()] }
        if take(.replace) {
            try expect(.partition)
            try expect(word: "FIELD")
            let old = try transform()
            try expect(.with)
            return [.replacePartition(old, by: try partition())]
        }
        if take(word: "ALTER") {
            _ = take(word: "COLUMN")
            return [try alterColumn()]
        }
        if take(word: "WRITE") {
            if take(word: "UNORDERED") { return [.setOrder([])] }
            _ = take(word: "LOCALLY")
            try expect(word: "ORDERED")
            try expect(.by)
            return [.setOrder(try sortFields())]
        }
        if let change = try propertyChange() { return [.properties(change)] }
        throw unexpected()
    }

    private mutating func addActions() throws(SQLSyntaxError) -> [AlterTableSyntax.Action] {
        if token.keyword == .partition, isWord("FIELD", ahead: 1) {
            advance()
            advance()
            return [.addPartition(try partition())]
        }
        _ = take(word: "COLUMNS") || take(word: "COLUMN")
        if token.kind == .sign(.openParenthesis) {
            return try parenthesized { parser throws(SQLSyntaxError) in
                try parser.list { parser throws(SQLSyntaxError) in try parser.addColumn() }
            }
        }
        return [try addColumn()]
    }

    private mutating func addColumn() throws(SQLSyntaxError) -> AlterTableSyntax.Action {
        let ifNotExists = try takeIfNotExists()
        let path = try qualifiedName("a column")
        let column = try column(called: path.last)
        return .addColumn(path, column, try placeIfAny(), ifNotExists: ifNotExists)
    }

    private mutating func placeIfAny() throws(SQLSyntaxError) -> AlterTableSyntax.Place? {
        if take(.first) { return .first }
        guard take(word: "AFTER") else { return nil }
        return .after(try label("a column"))
    }

    private mutating func dropActions() throws(SQLSyntaxError) -> [AlterTableSyntax.Action] {
        if token.keyword == .partition, isWord("FIELD", ahead: 1) {
            advance()
            advance()
            return [.dropPartition(try transform())]
        }
        _ = take(word: "COLUMNS") || take(word: "COLUMN")
        let ifExists = try takeIfExists()
        let paths =
            token.kind == .sign(.openParenthesis)
            ? try parenthesized { parser throws(SQLSyntaxError) in
                try parser.list { parser throws(SQLSyntaxError) in try parser.qualifiedName("a column") }
            } : [try qualifiedName("a column")]
        return paths.map { .dropColumn($0, ifExists: ifExists) }
    }

    private mutating func renameAction() throws(SQLSyntaxError) -> AlterTableSyntax.Action {
        if take(.to) { return .renameTable(try qualifiedName("a table")) }
        _ = take(word: "COLUMN")
        let path = try qualifiedName("a column")
        try expect(.to)
        return .renameColumn(path, to: try label("a name"))
    }

    private mutating func alterColumn() throws(SQLSyntaxError) -> AlterTableSyntax.Action {
        let path = try qualifiedName("a column")
        if take(word: "TYPE") { return .setType(path, try type()) }
        if take(word: "SET") {
            if take(word: "DATA") {
                try expect(word: "TYPE")
                return .setType(path, try type())
            }
            try expect(.not)
            try expect(.null)
            return .setRequired(path, true)
        }
        if take(.drop) {
            try expect(.not)
            try expect(.null)
            return .setRequired(path, false)
        }
        if take(word: "COMMENT") {
            return .commentColumn(path, take(.null) ? nil : try text("a comment in quotes"))
        }
        guard let place = try placeIfAny() else { throw unexpected() }
        return .moveColumn(path, place)
    }

    /// `SET [TBLPROPERTIES] ('a' = 'b')`, `UNSET [TBLPROPERTIES] [IF EXISTS] ('a')`
    private mutating func propertyChange() throws(SQLSyntaxError) -> PropertyChangeSyntax? {
        let isSetting = take(word: "SET")
        guard isSetting || take(word: "UNSET") else { return nil }
        _ = take(word: "TBLPROPERTIES") || take(word: "PROPERTIES") || take(word: "DBPROPERTIES")
        if isSetting { return PropertyChangeSyntax(updates: try propertyList()) }
        _ = try takeIfExists()
        return PropertyChangeSyntax(removals: try propertyNames())
    }
}
