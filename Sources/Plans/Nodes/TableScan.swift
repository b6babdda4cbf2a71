package import Columnar

/// Reads one snapshot of one table.
///
/// A value: a worker that gets it opens the metadata file itself.
package struct TableScan: Sendable, Hashable {
    package var warehouse: String
    package var namespace: [String]
    package var table: String
    package var metadataLocation: String
    /// Nil for a table without a snapshot: no rows.
    package var snapshotID: Int64?
    /// The columns to give, in order, with field ids, names and types of the table's current schema.
    package var fields: [Field]
    /// Over `fields`; only rows where it is true are given.
    package var filter: Expression?
    /// Rows that find no partner above may go, too.
    package var runtimeFilters: [RuntimeFilter] = []
    /// Enough rows for the query: the scan may stop after so many (past the filter), and may give more.
    package var limitHint: Int?

    /// Rows of the snapshot as its writer counted them; only for choosing between plans.
    package var estimatedRowCount: Int?
    /// What manifests tell; for the planner alone, plans that run do not have it.
    package var statistics: TableStatistics?
    /// About how many rows come out; for people.
    package var expectedRowCount: Int?

    package init(
        warehouse: String, namespace: [String], table: String, metadataLocation: String, snapshotID: Int64?,
        fields: [Field]
    ) {
        self.warehouse = warehouse
        self.namespace = namespace
        self.table = table
        self.metadataLocation = metadataLocation
        self.snapshotID = snapshotID
        self.fields = fields
    }

    package var schema: Schema { Schema(fields) }
    /// `web.clicks`
    package var qualifiedName: String { (namespace + [table]).joined(separator: ".") }
}
