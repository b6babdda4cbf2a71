import Effects
package import Iceberg

/// A table at one moment: its metadata and where that is stored.
package struct LoadedTable: Sendable {
    package var warehouse: Warehouse
    package var identifier: TableIdentifier
    package var metadata: TableMetadata
    package var metadataLocation: String
    /// Grows by one with each commit; zero for a table that is only staged.
    package var version: Int64

    package var uuid: String { metadata.uuid.description }
}
