/// Queries and tables.
extension SyntaxPrinter {
    mutating func write(_ query: QuerySyntax) {
        if !query.commonTables.isEmpty {
            write(query.isRecursive ? "WITH RECURSIVE " : "WITH ")
            separated(query.commonTables) { $0.write($1) }
            write(" ")
        }
        write(query.body)
        writeOrder(query.order, after: " ")
        if let limit = query.limit, !query.keepsTies {
            write(" LIMIT ")
            write(limit)
        }
        if let offset = query.offset {
            write(" OFFSET ")
            write(offset)
        }
        if let limit = query.limit, query.keepsTies {
            write(" FETCH FIRST ")
            parenthesized { $0.write(limit) }
            write(" ROWS WITH TIES")
        }
    }

    private mutating func write(_ table: QuerySyntax.CommonTable) {
        write(table.name)
        writeColumns(table.columns)
        write(" AS ")
        if let isMaterialized = table.isMaterialized {
            write(isMaterialized ? "MATERIALIZED " : "NOT MATERIALIZED ")
        }
        parenthesized { $0.write(table.query) }
    }

    private mutating func writeColumns(_ columns: [Identifier]) {
        if columns.isEmpty { return }
        write(" (")
        separated(columns) { $0.write($1) }
        write(")")
    }

    private mutating func write(_ body: QueryBodySyntax) {
        switch body {
        case .select(let select): write(select)
        case .values(let rows):
            write("VALUES ")
            separated(rows) { printer, row in
                printer.parenthesized { $0.separated(row) { $0.write($1) } }
            }
        case .query(let query): parenthesized { $0.write(query) }
        case .combined(let setOperator, let isAll, let left, let right):
            write(left)
            write(" \(setOperator.rawValue)\(isAll ? " ALL" : "") ")
            write(right)
        }
    }

    private mutating func write(_ select: SelectSyntax) {
        write("SELECT ")
        switch select.distinct {
        case nil: break
        case .rows: write("DISTINCT ")
        case .on(let keys):
            write("DISTINCT ON (")
            separated(keys) { $0.write($1) }
            write(") ")
        }
        separated(select.items.flatMap(spread)) { printer, item in
            let start = printer.text.endIndex
            printer.write(item.value)
            let isAsWritten = printer.text[start...] == item.value.description
            if let alias = item.alias ?? (isAsWritten ? nil : printer.names.items[item.value.position]) {
                printer.write(" AS ")
                printer.write(alias)
            }
        }
        if !select.from.isEmpty {
            write(" FROM ")
            separated(select.from) { $0.write($1) }
        }
        writeClause(" WHERE ", select.condition)
        if let grouping = select.grouping { write(grouping) }
        writeClause(" HAVING ", select.having)
        if !select.windows.isEmpty {
            write(" WINDOW ")
            separated(select.windows) { printer, window in
                printer.write(window.name)
                printer.write(" AS ")
                printer.write(window.specification)
            }
        }
        writeClause(" QUALIFY ", select.qualify)
    }

    private func spread(_ item: SelectSyntax.Item) -> [SelectSyntax.Item] {
        guard case .star = item.value.kind else { return [item] }
        return names.stars[item.value.position] ?? [item]
    }

    private mutating func writeClause(_ keyword: String, _ value: ExpressionSyntax?) {
        guard let value else { return }
        write(keyword)
        write(value)
    }

    private mutating func write(_ grouping: GroupingSyntax) {
        write(" GROUP BY ")
        guard case .elements(let elements) = grouping else { return write("ALL") }
        separated(elements) { printer, element in
            switch element {
            case .key(let key): printer.write(key)
            case .rollup(let sets): printer.write("ROLLUP", sets)
            case .cube(let sets): printer.write("CUBE", sets)
            case .sets(let sets): printer.write("GROUPING SETS", sets)
            }
        }
    }

    private mutating func write(_ word: String, _ sets: [[ExpressionSyntax]]) {
        write(word + " (")
        separated(sets) { printer, set in
            printer.parenthesized { $0.separated(set) { $0.write($1) } }
        }
        write(")")
    }

    mutating func write(_ table: TableSyntax) {
        switch table {
        case .named(let named):
            write(table: named.name)
            switch named.version {
            case nil: break
            case .version(let value):
                write(" FOR VERSION AS OF ")
                write(value, atLeast: Precedence.range + 1)
            case .timestamp(let value):
                write(" FOR TIMESTAMP AS OF ")
                write(value, atLeast: Precedence.range + 1)
            }
            write(named.alias)
        case .subquery(let query, let isLateral, let alias):
            if isLateral { write("LATERAL ") }
            parenthesized { $0.write(query) }
            write(alias)
        case .function(let call, let isLateral, let alias):
            if isLateral { write("LATERAL ") }
            write(call)
            write(alias)
        case .join(let join): write(join)
        }
    }

    private mutating func write(_ alias: TableAliasSyntax?) {
        guard let alias else { return }
        write(" AS ")
        write(alias.name)
        writeColumns(alias.columns)
    }

    private mutating func write(_ join: JoinSyntax) {
        write(join.left)
        let shared = join.condition == .natural ? names.naturalJoins[join.position] : nil
        write(join.condition == .natural && shared == nil ? " NATURAL " : " ")
        write(join.kind.rawValue + " ")
        if case .join = join.right {
            parenthesized { $0.write(join.right) }
        } else {
            write(join.right)
        }
        switch join.condition {
        case .none: break
        case .natural: if let shared { writeUsing(shared) }
        case .on(let condition):
            write(" ON ")
            write(condition)
        case .using(let names): writeUsing(names)
        }
    }

    private mutating func writeUsing(_ names: [Identifier]) {
        // Nothing in common: every row meets every row.
        if names.isEmpty { return write(" ON TRUE") }
        write(" USING (")
        separated(names) { $0.write($1) }
        write(")")
    }
}
