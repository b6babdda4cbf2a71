/// CREATE and DROP.
extension Parser {
    /// Behind CREATE.
    mutating func create(at start: TextPosition) throws(SQLSyntaxError) -> StatementSyntax {
        var isReplacing = false
        if take(.or) {
            try expect(.replace)
            isReplacing = true
        }
        if take(word: "VIEW") { return .createView(try createView(isReplacing: isReplacing)) }
        if take(.table) { return .createTable(try createTable(at: start, isReplacing: isReplacing)) }
        if isReplacing { throw unexpected() }
        if take(.namespace) || take(.schema) || take(.database) { return try createNamespace() }
        if let fault = objectFault("CREATE") { throw fault }
        throw unexpected()
    }

    /// Behind DROP.
    mutating func drop() throws(SQLSyntaxError) -> StatementSyntax {
        if take(.table) {
            let ifExists = try takeIfExists()
            let names = try list { parser throws(SQLSyntaxError) in try parser.qualifiedName("a table") }
            return .dropTables(names, ifExists: ifExists, isPurging: take(word: "PURGE"))
        }
        if take(word: "VIEW") {
            let ifExists = try takeIfExists()
            let names = try list { parser throws(SQLSyntaxError) in try parser.qualifiedName("a view") }
            return .dropViews(names, ifExists: ifExists)
        }
        guard take(.namespace) || take(.schema) || take(.database) else {
            if let fault = objectFault("DROP") { throw fault }
            throw unexpected()
        }
        let ifExists = try takeIfExists()
        let name = try qualifiedName("a namespace")
        let isCascading = take(.cascade)
        if !isCascading { _ = take(.restrict) }
        return .dropNamespace(name, ifExists: ifExists, isCascading: isCascading)
    }

    mutating func takeIfExists() throws(SQLSyntaxError) -> Bool {
        guard take(.if) else { return false }
        try expect(.exists)
        return true
    }

    mutating func takeIfNotExists() throws(SQLSyntaxError) -> Bool {
        guard take(.if) else { return false }
        try expect(.not)
        try expect(.exists)
        return true
    }

    private mutating func createNamespace() throws(SQLSyntaxError) -> StatementSyntax {
        let ifNotExists = try takeIfNotExists()
        var syntax = CreateNamespaceSyntax(name: try qualifiedName("a namespace"), ifNotExists: ifNotExists)
        while true {
            if let comment = try commentProperty() {
                syntax.properties.append(comment)
            } else if take(.with) {
                _ = take(word: "PROPERTIES") || take(word: "DBPROPERTIES")
                syntax.properties += try propertyList()
            } else {
                return .createNamespace(syntax)
            }
        }
    }

    private mutating func createTable(
        at start: TextPosition, isReplacing: Bool
    ) throws(SQLSyntaxError) -> CreateTableSyntax {
        let ifNotExists = try takeIfNotExists()
        try refuseBoth(isReplacing, ifNotExists)
        var table = CreateTableSyntax(
            name: try qualifiedName("a table"), ifNotExists: ifNotExists, position: start)
        if token.kind == .sign(.openParenthesis) {
            table.columns = try parenthesized { parser throws(SQLSyntaxError) in
                try parser.list { parser throws(SQLSyntaxError) in try parser.column() }
            }
        }
        table.isReplacing = isReplacing
        while try takeTableClause(&table) {}
        if take(.as) {
            guard startsQuery else {
                alsoExpected("a query")
                throw unexpected()
            }
            table.source = try filling(try query())
        } else if table.columns.isEmpty {
            alsoExpected("'('")
            throw unexpected()
        }
        return table
    }

    /// `WITH NO DATA` behind a query takes its columns alone.
    private mutating func filling(_ query: QuerySyntax) throws(SQLSyntaxError) -> QuerySyntax {
        guard take(.with) else { return query }
        let isEmpty = take(.no)
        try expect(word: "DATA")
        guard isEmpty else { return query }
        var rows = QuerySyntax(body: .query(query), position: query.position)
        rows.limit = try make(.literal(.number("0")), at: query.position)
        return rows
    }

    /// `name type [NOT NULL] [COMMENT 'text']`
    mutating func column() throws(SQLSyntaxError) -> ColumnSyntax {
        let name = try identifier("a column")
        return try column(called: name)
    }

    /// Behind the column's name.
    mutating func column(called name: Identifier) throws(SQLSyntaxError) -> ColumnSyntax {
        var column = ColumnSyntax(name: name, type: try type())
        while true {
            if take(.not) {
                try expect(.null)
                column.isRequired = true
            } else if take(word: "COMMENT") {
                column.comment = try text("a comment in quotes")
            } else if startsCollation {
                try collation()
            } else if let fault = constraintFault() {
                throw fault
            } else if column.isRequired || !take(.null) {
                return column
            }
        }
    }

    /// One of the clauses between the columns and AS, each at most once; false when none stands here.
    private mutating func takeTableClause(_ table: inout CreateTableSyntax) throws(SQLSyntaxError) -> Bool {
        if isWord("PARTITIONED"), table.partitions.isEmpty {
            advance()
            try expect(.by)
            table.partitions = try parenthesized { parser throws(SQLSyntaxError) in
                try parser.list { parser throws(SQLSyntaxError) in try parser.partition() }
            }
        } else if isWord("SORTED") || isWord("ORDERED") || token.keyword == .order, table.order.isEmpty {
            advance()
            try expect(.by)
            table.order = try sortFields()
        } else if take(.using) {
            guard isWord("ICEBERG") else { throw unsupported("a table format other than iceberg") }
            advance()
        } else if let comment = try commentProperty() {
            table.properties.append(comment)
        } else if isWord("LOCATION"), table.location == nil {
            advance()
            table.location = try text("a location in quotes")
        } else if take(word: "TBLPROPERTIES") || take(word: "PROPERTIES") || take(.with) {
            table.properties += try propertyList()
        } else {
            alsoExpected("PARTITIONED BY")
            return false
        }
        return true
    }

    private func refuseBoth(_ isReplacing: Bool, _ ifNotExists: Bool) throws(SQLSyntaxError) {
        if isReplacing, ifNotExists {
            throw SQLSyntaxError(
                .unexpectedToken, "OR REPLACE and IF NOT EXISTS exclude each other", at: position)
        }
    }

    private mutating func createView(isReplacing: Bool) throws(SQLSyntaxError) -> CreateViewSyntax {
        let ifNotExists = try takeIfNotExists()
        try refuseBoth(isReplacing, ifNotExists)
        let name = try qualifiedName("a view")
        var columns: [CreateViewSyntax.Column] = []
        if token.kind == .sign(.openParenthesis) {
            columns = try parenthesized { parser throws(SQLSyntaxError) in
                try parser.list { parser throws(SQLSyntaxError) in
                    let name = try parser.identifier("a column")
                    let comment =
                        parser.take(word: "COMMENT") ? try parser.text("a comment in quotes") : nil
                    return CreateViewSyntax.Column(name: name, comment: comment)
                }
            }
        }
        var properties: [PropertySyntax] = []
        while true {
            if let comment = try commentProperty() {
                properties.append(comment)
            } else if take(word: "TBLPROPERTIES") || take(word: "PROPERTIES") {
                properties += try propertyList()
            } else {
                break
            }
        }
        try expect(.as)
        guard startsQuery else {
            alsoExpected("a query")
            throw unexpected()
        }
        return CreateViewSyntax(
            name: name, isReplacing: isReplacing, ifNotExists: ifNotExists, columns: columns,
            properties: properties, query: try query())
    }
}
