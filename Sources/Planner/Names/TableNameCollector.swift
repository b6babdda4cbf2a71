import SQLSyntax

/// Walks a query for the tables it reads.
struct TableNameCollector {
    private(set) var references: [TableReference] = []
    private var common: [String] = []

    mutating func visit(_ query: QuerySyntax) {
        let visible = common.count
        for table in query.commonTables {
            // A recursive table may read itself.
            if query.isRecursive { common.append(table.name.text.lowercased()) }
            visit(table.query)
            if !query.isRecursive { common.append(table.name.text.lowercased()) }
        }
        visit(query.body)
        common.removeLast(common.count - visible)
    }

    private mutating func visit(_ body: QueryBodySyntax) {
        switch body {
        case .select(let select): for table in select.from { visit(table) }
        case .values: break
        case .query(let query): visit(query)
        case .combined(_, _, let left, let right):
            visit(left)
            visit(right)
        }
    }

    private mutating func visit(_ table: TableSyntax) {
        switch table {
        case .named(let named):
            let isCommon = named.name.parts.count == 1 && common.contains(named.name.last.text.lowercased())
            let reference = TableReference(named.name, version: named.version)
            if !isCommon, !references.contains(reference) { references.append(reference) }
        case .subquery(let query, _, _): visit(query)
        case .function: break
        case .join(let join):
            visit(join.left)
            visit(join.right)
        }
    }
}
