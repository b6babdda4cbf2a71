import SQLSyntax

/// Looks in a query for what needs more than one event at a time.
struct PipelineClauses {
    /// The first one in the order of the text.
    private(set) var first: (name: String, position: TextPosition)?

    private mutating func note(_ name: String, at position: TextPosition?) {
        guard let position else { return }
        if let known = first?.position, (known.line, known.column) <= (position.line, position.column) {
            return
        }
        first = (name, position)
    }

    mutating func visit(_ query: QuerySyntax) {
        for table in query.commonTables { visit(table.query) }
        visit(query.body)
        note("ORDER BY", at: query.order.first?.value.position)
        note("LIMIT", at: query.limit?.position)
        note("OFFSET", at: query.offset?.position)
    }

    private mutating func visit(_ body: QueryBodySyntax) {
        switch body {
        case .select(let select): visit(select)
        case .values(let rows): note("VALUES", at: rows.first?.first?.position)
        case .query(let query): visit(query)
        case .combined(let setOperator, let isAll, let left, let right):
            visit(left)
            visit(right)
            if setOperator != .union || !isAll { note(setOperator.rawValue, at: right.position) }
        }
    }

    private mutating func visit(_ select: SelectSyntax) {
        for table in select.from { visit(table) }
        // A function behind a stream makes rows of each event.
        if case .function(let call, _, _) = select.from.first {
            note("a table function", at: call.function.position)
        }
        let second = select.from.dropFirst().first { if case .function = $0 { false } else { true } }
        note("a join", at: second?.position)
        if select.distinct != nil { note("DISTINCT", at: select.position) }
        for item in select.items { visit(item.value) }
        switch select.grouping {
        case nil: break
        case .all: note("GROUP BY", at: select.position)
        case .elements(let elements):
            if case .key(let key) = elements.first {
                note("GROUP BY", at: key.position)
            } else {
                note("GROUP BY", at: select.position)
            }
        }
        note("HAVING", at: select.having?.position)
        note("QUALIFY", at: select.qualify?.position)
    }

    private mutating func visit(_ table: TableSyntax) {
        switch table {
        case .named: break
        case .subquery(let query, _, _): visit(query)
        case .function: break
        case .join(let join):
            visit(join.left)
            if case .function = join.right { return }
            note("a join", at: join.position)
        }
    }

    private mutating func visit(_ expression: ExpressionSyntax) {
        switch expression.kind {
        case .call(let call):
            if call.window != nil {
                note("a window function", at: expression.position)
            } else if AggregateRegistry.find(call.function.last.text) != nil {
                note("an aggregate", at: expression.position)
            }
        case .subquery, .arrayQuery, .exists, .inQuery, .quantified:
            note("a subquery", at: expression.position)
        default: break
        }
        for child in expression.children { visit(child) }
    }
}
