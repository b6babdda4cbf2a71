/// Statements.
extension SyntaxPrinter {
    mutating func write(_ statement: StatementSyntax) {
        switch statement {
        case .query(let query): write(query)
        case .explain(let explain):
            write("EXPLAIN ")
            if explain.isAnalyzing { write("ANALYZE ") }
            if explain.format != .text { write("FORMAT \(explain.format.rawValue) ") }
            if explain.showsPasses { write("PASSES ") }
            switch explain.subject {
            case .query(let query): write(query)
            case .insert(let insert): write(insert)
            case .createTable(let table): write(table)
            }
        case .insert(let insert): write(insert)
        case .createNamespace(let create):
            write(create.ifNotExists ? "CREATE NAMESPACE IF NOT EXISTS " : "CREATE NAMESPACE ")
            write(create.name)
            if !create.properties.isEmpty { write(" WITH PROPERTIES ") }
            write(properties: create.properties)
        case .alterNamespace(let name, let change):
            write("ALTER NAMESPACE ")
            write(name)
            write(change)
        case .dropNamespace(let name, let ifExists, let isCascading):
            write(ifExists ? "DROP NAMESPACE IF EXISTS " : "DROP NAMESPACE ")
            write(name)
            if isCascading { write(" CASCADE") }
        case .createTable(let table): write(table)
        case .alterTable(let alter): write(alter)
        case .dropTables(let names, let ifExists, let isPurging):
            write(ifExists ? "DROP TABLE IF EXISTS " : "DROP TABLE ")
            separated(names) { $0.write($1) }
            if isPurging { write(" PURGE") }
        case .truncate(let names):
            write("TRUNCATE TABLE ")
            separated(names) { $0.write($1) }
        case .createView(let view): write(view)
        case .alterView(let alter): write(alter)
        case .dropViews(let names, let ifExists):
            write(ifExists ? "DROP VIEW IF EXISTS " : "DROP VIEW ")
            separated(names) { $0.write($1) }
        default: write(inquiry: statement)
        }
    }

    private mutating func write(_ alter: AlterViewSyntax) {
        write(alter.ifExists ? "ALTER VIEW IF EXISTS " : "ALTER VIEW ")
        write(alter.name)
        switch alter.change {
        case .query(let query):
            write(" AS ")
            write(query)
        case .rename(let name):
            write(" RENAME TO ")
            write(name)
        case .properties(let change): write(change)
        }
    }

    /// SHOW, DESCRIBE, SET: what changes nothing that is kept.
    private mutating func write(inquiry statement: StatementSyntax) {
        switch statement {
        case .showNamespaces(let pattern):
            write("SHOW NAMESPACES")
            writeLike(pattern)
        case .showFunctions(let pattern):
            write("SHOW FUNCTIONS")
            writeLike(pattern)
        case .showTables(let namespace, let pattern), .showViews(let namespace, let pattern):
            if case .showTables = statement { write("SHOW TABLES") } else { write("SHOW VIEWS") }
            if let namespace {
                write(" IN ")
                write(namespace)
            }
            writeLike(pattern)
        case .showCreate(let name, let isView):
            write(isView ? "SHOW CREATE VIEW " : "SHOW CREATE TABLE ")
            write(name)
        case .describe(let name, let isExtended):
            write(isExtended ? "DESCRIBE EXTENDED " : "DESCRIBE ")
            write(name)
        case .describeQuery(let query):
            write("DESCRIBE ")
            write(query)
        case .set(let setting):
            write("SET ")
            write(setting.name)
            write(" = ")
            write(string: setting.value)
        case .reset(let name):
            write("RESET ")
            if let name { write(name) } else { write("ALL") }
        case .showSettings(let name):
            write("SHOW ")
            if let name { write(name) } else { write("SETTINGS") }
        default: preconditionFailure("the statement has a case of its own")
        }
    }

    private mutating func write(_ insert: InsertSyntax) {
        write("INSERT INTO ")
        write(insert.target)
        if !insert.columns.isEmpty {
            write(" (")
            separated(insert.columns) { $0.write($1) }
            write(")")
        }
        if insert.hasDefaultValues { return write(" DEFAULT VALUES") }
        write(" ")
        write(insert.source)
    }

    private mutating func write(_ view: CreateViewSyntax) {
        write(view.isReplacing ? "CREATE OR REPLACE VIEW " : "CREATE VIEW ")
        if view.ifNotExists { write("IF NOT EXISTS ") }
        write(view.name)
        if !view.columns.isEmpty {
            write(" (")
            separated(view.columns) { printer, column in
                printer.write(column.name)
                printer.writeComment(column.comment)
            }
            write(")")
        }
        if !view.properties.isEmpty { write(" TBLPROPERTIES ") }
        write(properties: view.properties)
        write(" AS ")
        write(view.query)
    }

    private mutating func writeLike(_ pattern: String?) {
        guard let pattern else { return }
        write(" LIKE ")
        write(string: pattern)
    }
}
