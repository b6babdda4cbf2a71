/// Statements and clauses of other engines that are known and not run: each is named, with what to write instead.
extension Parser {
    /// The fault for a statement that another engine runs; nil when none starts here.
    func dialectFault() -> SQLSyntaxError? {
        guard case .word(let word, _) = token.kind else { return nil }
        let name = word.uppercased()
        if let hint = Self.advice[name] { return unsupported(name, hint: hint) }
        guard Self.otherStatements.contains(name) else { return nil }
        return unsupported(
            name,
            hint:
                "this build runs SELECT, INSERT, CREATE, ALTER, DROP, TRUNCATE, SHOW, DESCRIBE, EXPLAIN, SET")
    }

    private static let otherStatements: Set<String> = [
        "UPDATE", "DELETE", "MERGE", "COPY", "GRANT", "REVOKE", "ANALYZE", "VACUUM", "CALL", "PRAGMA",
        "ATTACH",
        "DETACH", "INSTALL", "LOAD", "CHECKPOINT", "REINDEX", "REFRESH", "LOCK", "DECLARE", "EXPORT",
        "IMPORT",
        "UPSERT", "CACHE", "UNCACHE", "OPTIMIZE",
    ]

    private static let advice: [String: String] = {
        let transaction = "every statement is a transaction of its own"
        let prepare = "send the statement with parameters"
        return [
            "BEGIN": transaction, "START": transaction, "COMMIT": transaction, "ROLLBACK": transaction,
            "SAVEPOINT": transaction, "PREPARE": prepare, "EXECUTE": prepare, "DEALLOCATE": prepare,
            "USE": "SET namespace = 'name', or send the request with a namespace",
            "FROM": "write SELECT * FROM …", "TABLE": "write SELECT * FROM …",
            "SUMMARIZE": "aggregate the columns: count, min, max, avg, approx_distinct",
            "PIVOT": "write aggregates with FILTER (WHERE …)",
            "UNPIVOT": "write UNNEST of a list of the columns",
        ]
    }()

    /// The fault for a kind of object that CREATE and DROP know elsewhere.
    func objectFault(_ verb: String) -> SQLSyntaxError? {
        guard case .word(let word, _) = token.kind else { return nil }
        let hints: [String: String] = [
            "FUNCTION": "", "MACRO": "", "PROCEDURE": "", "TRIGGER": "", "SEQUENCE": "", "TYPE": "",
            "ROLE": "",
            "USER": "make tokens with scopes: firn token create",
            "EXTENSION": "", "SECRET": "", "UNIQUE": "Iceberg tables have no indexes",
            "INDEX": "Iceberg tables have no indexes; partition or sort the table",
            "TEMP": "use WITH, or a table in a namespace of its own",
            "TEMPORARY": "use WITH, or a table in a namespace of its own",
            "MATERIALIZED": "make a view, or a table with CREATE TABLE … AS",
            "EXTERNAL": "register the table in the catalog",
        ]
        guard let hint = hints[word.uppercased()] else { return nil }
        return unsupported("\(verb) \(word.uppercased())", hint: hint.isEmpty ? nil : hint)
    }

    /// The fault for a constraint behind a column's type, or in its place.
    func constraintFault() -> SQLSyntaxError? {
        guard case .word(let word, _) = token.kind else { return nil }
        switch word.uppercased() {
        case "PRIMARY", "UNIQUE", "CHECK", "REFERENCES", "FOREIGN", "CONSTRAINT":
            return unsupported(
                "a constraint other than NOT NULL", hint: "Iceberg tables keep no keys and no checks")
        case "GENERATED", "IDENTITY", "AUTO_INCREMENT":
            return unsupported("a generated column", hint: "compute it in the INSERT")
        case "DEFAULT":
            return unsupported("a column's DEFAULT", hint: "name the value in the INSERT")
        default: return nil
        }
    }

    /// The fault for a clause behind a table in FROM.
    func tableClauseFault() -> SQLSyntaxError? {
        let opens = lookAhead().kind == .sign(.openParenthesis)
        if isWord("TABLESAMPLE") || isWord("USING") && isWord("SAMPLE", ahead: 1) {
            return unsupported("a sample of a table", hint: "write WHERE random() < 0.1")
        }
        if opens, isWord("PIVOT") {
            return unsupported("PIVOT", hint: "write aggregates with FILTER (WHERE …)")
        }
        if opens, isWord("UNPIVOT") {
            return unsupported("UNPIVOT", hint: "write UNNEST of a list of the columns")
        }
        if isWord("FOR"), isWord("UPDATE", ahead: 1) || isWord("SHARE", ahead: 1) {
            return unsupported("FOR UPDATE", hint: "a query reads one snapshot and locks nothing")
        }
        guard lookAhead().keyword == .join else { return nil }
        if isWord("ASOF") {
            return unsupported("ASOF JOIN", hint: "join LATERAL (SELECT … ORDER BY … DESC LIMIT 1)")
        }
        if isWord("POSITIONAL") {
            return unsupported("POSITIONAL JOIN", hint: "join on row_number() OVER ()")
        }
        if isWord("SEMI") { return unsupported("SEMI JOIN", hint: "write WHERE EXISTS (SELECT …)") }
        return isWord("ANTI") ? unsupported("ANTI JOIN", hint: "write WHERE NOT EXISTS (SELECT …)") : nil
    }
}
