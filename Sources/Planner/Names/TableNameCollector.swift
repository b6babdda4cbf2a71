import SQLSyntax

/// Walks a query for the tables it reads, those of subqueries in expressions too.
struct TableNameCollector {
    private(set) var references: [TableReference] = []
    /// How often each name without a namespace stands there, in small letters, whatever it means.
    private(set) var mentions: [String: Int] = [:]
    /// What WITH names anywhere in the query.
    private(set) var commonNames: [String] = []
    private var common: [String] = []

    mutating func visit(_ query: QuerySyntax) {
        let visible = common.count
        for table in query.commonTables {
            commonNames.append(table.name.text)
            // A recursive table may read itself.
            if query.isRecursive { common.append(table.name.text.lowercased()) }
            visit(table.query)
            if !query.isRecursive { common.append(table.name.text.lowercased()) }
        }
        visit(query.body)
        visit(query.order)
        visit([query.limit, query.offset].compactMap { $0 })
        common.removeLast(common.count - visible)
    }

    private mutating func visit(_ body: QueryBodySyntax) {
        switch body {
        case .select(let select): visit(select)
        case .values(let rows): for row in rows { visit(row) }
        case .query(let query): visit(query)
        case .combined(_, _, let left, let right):
            visit(left)
            visit(right)
        }
    }

    private mutating func visit(_ select: SelectSyntax) {
        for table in select.from { visit(table) }
        visit(select.items.map(\.value))
        visit([select.condition, select.having, select.qualify].compactMap { $0 })
        if case .on(let keys) = select.distinct { visit(keys) }
        for window in select.windows { visit(window.specification) }
        guard case .elements(let elements) = select.grouping else { return }
        for element in elements {
            switch element {
            case .key(let key): visit([key])
            case .rollup(let sets), .cube(let sets), .sets(let sets): for keys in sets { visit(keys) }
            }
        }
    }

    private mutating func visit(_ table: TableSyntax) {
        switch table {
        case .named(let named):
            if named.name.parts.count == 1 {
                mentions[named.name.last.text.lowercased(), default: 0] += 1
            }
            let isCommon = named.name.parts.count == 1 && common.contains(named.name.last.text.lowercased())
            let reference = TableReference(named.name, version: named.version)
            if !isCommon, !references.contains(reference) { references.append(reference) }
        case .subquery(let query, _, _): visit(query)
        case .function(let call, _, _): visit(call.arguments)
        case .join(let join):
            visit(join.left)
            visit(join.right)
            if case .on(let condition) = join.condition { visit([condition]) }
        }
    }

    private mutating func visit(_ order: [OrderSyntax]) { visit(order.map(\.value)) }

    private mutating func visit(_ window: WindowSpecificationSyntax) {
        visit(window.partition)
        visit(window.order)
    }

    private mutating func visit(_ expressions: [ExpressionSyntax]) {
        for expression in expressions {
            switch expression.kind {
            case .exists(let query), .subquery(let query), .arrayQuery(let query), .inQuery(_, let query, _):
                visit(query)
            case .quantified(let quantified): visit(quantified.query)
            case .call(let call):
                if case .inline(let window) = call.window { visit(window) }
            default: break
            }
            visit(expression.children)
        }
    }
}
