package import Columnar
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

/// The tables a statement may read, by their names as written in it.
package struct TableCatalogue: Sendable {
    private var tables: [QualifiedName: SourceTable] = [:]

    package init() {}

    /// Names compare by their texts; positions do not count.
    package subscript(name: QualifiedName) -> SourceTable? {
        get { tables[name] }
        set { tables[name] = newValue }
    }
}
