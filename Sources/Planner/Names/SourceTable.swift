package import Columnar
package import Plans
package import SQLSyntax

/// A table as the planner needs it: where it is, and its columns.
package struct SourceTable: Sendable, Hashable {
    package var warehouse: String
    package var namespace: [String]
    package var name: String
    package var metadataLocation: String
    /// Nil for a table without a snapshot.
    package var snapshotID: Int64?
    package var fields: [Field]
    /// Columns that only their names bring in, not `*`.
    package var hiddenFields: [Field]
    /// See `TableScan.estimatedRowCount`.
    package var estimatedRowCount: Int?
    /// See `TableScan.statistics`.
    package var statistics: TableStatistics?

    package init(
        warehouse: String, namespace: [String], name: String, metadataLocation: String, snapshotID: Int64?,
        fields: [Field], hiddenFields: [Field] = []
    ) {
        self.warehouse = warehouse
        self.namespace = namespace
        self.name = name
        self.metadataLocation = metadataLocation
        self.snapshotID = snapshotID
        self.fields = fields
        self.hiddenFields = hiddenFields
    }
}

/// A view as the planner needs it: its query, and what the names in it mean.
package struct SourceView: Sendable {
    /// Outermost first: namespace levels, then the view.
    package var fullName: [String]
    package var query: QuerySyntax
    package var tables: TableCatalogue
    /// Names and types as the view promises them.
    package var fields: [Field]

    package init(fullName: [String], query: QuerySyntax, tables: TableCatalogue, fields: [Field]) {
        self.fullName = fullName
        self.query = query
        self.tables = tables
        self.fields = fields
    }
}

/// Rows that are known already, such as a table's snapshots.
package struct SourceRows: Sendable {
    package var fullName: [String]
    package var schema: Schema
    package var rows: [[Scalar]]

    package init(fullName: [String], schema: Schema, rows: [[Scalar]]) {
        self.fullName = fullName
        self.schema = schema
        self.rows = rows
    }
}

/// What a statement may read, by the names written in it.
package struct TableCatalogue: Sendable {
    package enum Source: Sendable {
        case table(SourceTable)
        case view(SourceView)
        case rows(SourceRows)
    }

    private var sources: [TableReference: Source] = [:]

    package init() {}

    /// Names compare by their texts; positions do not count.
    package subscript(reference: TableReference) -> Source? {
        get { sources[reference] }
        set { sources[reference] = newValue }
    }

    /// Every table, also behind views.
    package var tables: [SourceTable] {
        sources.values.flatMap { source -> [SourceTable] in
            switch source {
            case .table(let table): [table]
            case .view(let view): view.tables.tables
            case .rows: []
            }
        }
    }

    /// The table of this name as it is now.
    package subscript(name: QualifiedName) -> SourceTable? {
        get {
            guard case .table(let table)? = sources[TableReference(name)] else { return nil }
            return table
        }
        set { sources[TableReference(name)] = newValue.map { .table($0) } }
    }
}
