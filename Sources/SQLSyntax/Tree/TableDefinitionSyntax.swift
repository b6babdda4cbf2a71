/// `CREATE [OR REPLACE] TABLE [IF NOT EXISTS] name [(columns)] [clauses] [AS query]`
package struct CreateTableSyntax: Sendable, Hashable {
    package var name: QualifiedName
    package var ifNotExists = false
    package var isReplacing = false
    /// Empty only where a query gives them.
    package var columns: [ColumnSyntax] = []
    package var partitions: [PartitionSyntax] = []
    package var order: [SortFieldSyntax] = []
    package var properties: [PropertySyntax] = []
    package var location: String?
    package var source: QuerySyntax?
    package var position: TextPosition
}

/// `name type [NOT NULL] [COMMENT 'text']`
package struct ColumnSyntax: Sendable, Hashable {
    package var name: Identifier
    package var type: TypeSyntax
    package var isRequired = false
    package var comment: String?
}

/// A column through a transform: `day(at)`, `bucket(16, id)`, or a column alone.
package struct TransformSyntax: Sendable, Hashable {
    /// Nil for a column alone.
    package var function: Identifier?
    package var argument: Int?
    package var column: QualifiedName

    package var position: TextPosition { function?.position ?? column.position }
}

/// `transform [AS name]`
package struct PartitionSyntax: Sendable, Hashable {
    package var transform: TransformSyntax
    package var name: Identifier?
}

/// `transform [ASC|DESC] [NULLS FIRST|LAST]`
package struct SortFieldSyntax: Sendable, Hashable {
    package var transform: TransformSyntax
    package var isDescending = false
    /// Nil: last when ascending, first when descending.
    package var nullsFirst: Bool?
}

/// `ALTER TABLE [IF EXISTS] name action, …`
package struct AlterTableSyntax: Sendable, Hashable {
    package enum Place: Sendable, Hashable {
        case first
        case after(Identifier)
    }
    package enum Action: Sendable, Hashable {
        /// Where a nested column goes is in the path: all parts but the last.
        case addColumn(QualifiedName, ColumnSyntax, Place?, ifNotExists: Bool)
        case dropColumn(QualifiedName, ifExists: Bool)
        case renameColumn(QualifiedName, to: Identifier)
        case moveColumn(QualifiedName, Place)
        case setType(QualifiedName, TypeSyntax)
        case setRequired(QualifiedName, Bool)
        case commentColumn(QualifiedName, String?)
        case addPartition(PartitionSyntax)
        case dropPartition(TransformSyntax)
        case replacePartition(TransformSyntax, by: PartitionSyntax)
        /// Empty: unsorted.
        case setOrder([SortFieldSyntax])
        case properties(PropertyChangeSyntax)
        case renameTable(QualifiedName)
    }

    package var name: QualifiedName
    package var ifExists = false
    /// Never empty.
    package var actions: [Action]
}
