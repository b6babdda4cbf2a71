/// Statements.
extension SyntaxPrinter {
    mutating func write(_ statement: StatementSyntax) {
        switch statement {
        case .query(let query): write(query)
        case .explain(let explain):
            write("EXPLAIN ")
            if explain.isAnalyzing { write("ANALYZE ") }
            if explain.format != .text { write("FORMAT \(explain.format.rawValue) ") }
            write(explain.query)
        case .insert(let insert):
            write("INSERT INTO ")
            write(insert.target)
            if !insert.columns.isEmpty {
                write(" (")
                separated(insert.columns) { $0.write($1) }
                write(")")
            }
            write(" ")
            write(insert.source)
        case .createNamespace(let name, let ifNotExists):
            write(ifNotExists ? "CREATE NAMESPACE IF NOT EXISTS " : "CREATE NAMESPACE ")
            write(name)
        case .dropNamespace(let name, let ifExists, let isCascading):
            write(ifExists ? "DROP NAMESPACE IF EXISTS " : "DROP NAMESPACE ")
            write(name)
            if isCascading { write(" CASCADE") }
        case .showNamespaces(let pattern):
            write("SHOW NAMESPACES")
            writeLike(pattern)
        case .showTables(let namespace, let pattern):
            write("SHOW TABLES")
            if let namespace {
                write(" IN ")
                write(namespace)
            }
            writeLike(pattern)
        case .describe(let name):
            write("DESCRIBE ")
            write(name)
        }
    }

    private mutating func writeLike(_ pattern: String?) {
        guard let pattern else { return }
        write(" LIKE ")
        write(string: pattern)
    }
}
