/// One statement.
package enum StatementSyntax: Sendable, Hashable {
    case query(QuerySyntax)
    case explain(ExplainSyntax)
    case insert(InsertSyntax)
    case createNamespace(QualifiedName, ifNotExists: Bool)
    case dropNamespace(QualifiedName, ifExists: Bool, isCascading: Bool)
    case showNamespaces(like: String?)
    case showTables(in: QualifiedName?, like: String?)
    case describe(QualifiedName)
}

/// `EXPLAIN [ANALYZE] [FORMAT TEXT|JSON|TREE] query`
package struct ExplainSyntax: Sendable, Hashable {
    package enum Format: String, Sendable, Hashable {
        case text = "TEXT"
        case json = "JSON"
        case tree = "TREE"
    }

    package var query: QuerySyntax
    package var format: Format = .text
    package var isAnalyzing = false
}

/// `INSERT INTO target [(columns)] query`
package struct InsertSyntax: Sendable, Hashable {
    package var target: QualifiedName
    package var columns: [Identifier]
    package var source: QuerySyntax
    package var position: TextPosition
}
