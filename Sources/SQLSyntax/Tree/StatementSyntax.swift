/// One statement.
package enum StatementSyntax: Sendable, Hashable {
    case query(QuerySyntax)
    case explain(ExplainSyntax)
    case insert(InsertSyntax)
    case createNamespace(CreateNamespaceSyntax)
    case alterNamespace(QualifiedName, PropertyChangeSyntax)
    case dropNamespace(QualifiedName, ifExists: Bool, isCascading: Bool)
    case createTable(CreateTableSyntax)
    case alterTable(AlterTableSyntax)
    case dropTables([QualifiedName], ifExists: Bool, isPurging: Bool)
    case truncate([QualifiedName])
    case createView(CreateViewSyntax)
    case alterView(AlterViewSyntax)
    case dropViews([QualifiedName], ifExists: Bool)
    case showNamespaces(like: String?)
    case showFunctions(like: String?)
    case showTables(in: QualifiedName?, like: String?)
    case showViews(in: QualifiedName?, like: String?)
    case showCreate(QualifiedName, isView: Bool)
    case describe(QualifiedName, isExtended: Bool)
    /// The columns that a query answers.
    case describeQuery(QuerySyntax)
    case set(SettingSyntax)
    /// Nil for all settings.
    case reset(Identifier?)
    /// Nil for all settings.
    case showSettings(Identifier?)
}

extension StatementSyntax {
    /// Changes a setting and nothing else.
    package var isSetting: Bool {
        switch self {
        case .set, .reset: true
        default: false
        }
    }

    /// The name of what the statement makes, changes or tells about; a new name where it gives one.
    package var subject: QualifiedName? {
        switch self {
        case .createNamespace(let syntax): syntax.name
        case .alterNamespace(let name, _), .dropNamespace(let name, _, _), .showCreate(let name, _),
            .describe(let name, _):
            name
        case .dropTables(let names, _, _), .dropViews(let names, _), .truncate(let names): names.first
        case .createTable(let syntax): syntax.name
        case .createView(let syntax): syntax.name
        case .insert(let syntax): syntax.target
        case .alterTable(let syntax):
            if case .renameTable(let name)? = syntax.actions.last { name } else { syntax.name }
        case .alterView(let syntax):
            if case .rename(let name) = syntax.change { name } else { syntax.name }
        case .showTables(let namespace, _), .showViews(let namespace, _): namespace
        case .query, .explain, .describeQuery, .showNamespaces, .showFunctions, .set, .reset, .showSettings:
            nil
        }
    }
}

/// `EXPLAIN [ANALYZE] [FORMAT TEXT|JSON|TREE] [PASSES] query`, or the same in parentheses with commas between
package struct ExplainSyntax: Sendable, Hashable {
    /// What is explained; of statements that write, the rows they would write.
    package enum Subject: Sendable, Hashable {
        case query(QuerySyntax)
        case insert(InsertSyntax)
        case createTable(CreateTableSyntax)
    }

    package enum Format: String, Sendable, Hashable {
        case text = "TEXT"
        case json = "JSON"
        case tree = "TREE"
    }

    package var subject: Subject
    package var format: Format = .text
    package var isAnalyzing = false
    /// Also what each pass of the optimiser made of the plan.
    package var showsPasses = false
}

/// `INSERT INTO target [(columns)] query | DEFAULT VALUES`
package struct InsertSyntax: Sendable, Hashable {
    package var target: QualifiedName
    package var columns: [Identifier]
    package var source: QuerySyntax
    package var position: TextPosition

    package init(
        target: QualifiedName, columns: [Identifier] = [], source: QuerySyntax, position: TextPosition
    ) {
        self.target = target
        self.columns = columns
        self.source = source
        self.position = position
    }

    /// `DEFAULT VALUES`, which is a row without values.
    package static func defaultValues(at position: TextPosition) -> QuerySyntax {
        QuerySyntax(body: .values([[]]), position: position)
    }

    package var hasDefaultValues: Bool { source.body == .values([[]]) }
}

/// `CREATE NAMESPACE [IF NOT EXISTS] name [COMMENT 'text'] [WITH PROPERTIES (…)]`
package struct CreateNamespaceSyntax: Sendable, Hashable {
    package var name: QualifiedName
    package var ifNotExists = false
    package var properties: [PropertySyntax] = []
}

/// `CREATE [OR REPLACE] VIEW [IF NOT EXISTS] name [(columns)] [COMMENT 'text'] [TBLPROPERTIES (…)] AS query`
package struct CreateViewSyntax: Sendable, Hashable {
    package struct Column: Sendable, Hashable {
        package var name: Identifier
        package var comment: String?
    }

    package var name: QualifiedName
    package var isReplacing = false
    package var ifNotExists = false
    /// Empty: those of the query.
    package var columns: [Column] = []
    package var properties: [PropertySyntax] = []
    package var query: QuerySyntax
}

/// `ALTER VIEW [IF EXISTS] name AS query | RENAME TO name | SET TBLPROPERTIES (…) | UNSET TBLPROPERTIES (…)`
package struct AlterViewSyntax: Sendable, Hashable {
    package enum Change: Sendable, Hashable {
        case query(QuerySyntax)
        case rename(QualifiedName)
        case properties(PropertyChangeSyntax)
    }

    package var name: QualifiedName
    package var ifExists = false
    package var change: Change
}

/// `SET name = value`
package struct SettingSyntax: Sendable, Hashable {
    package var name: Identifier
    /// A word, a number or a text, without quotes.
    package var value: String
}

/// `'name' = 'value'`
package struct PropertySyntax: Sendable, Hashable {
    package var name: String
    package var value: String
    package var position: TextPosition
}

/// `SET ('name' = 'value', …)` or `UNSET ('name', …)`
package struct PropertyChangeSyntax: Sendable, Hashable {
    package var updates: [PropertySyntax] = []
    package var removals: [String] = []
}
