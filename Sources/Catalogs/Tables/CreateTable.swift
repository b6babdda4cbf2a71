package import Iceberg

/// What a caller wants a new table to be; the catalog chooses what is left out.
package struct CreateTable: Sendable {
    package var identifier: TableIdentifier
    package var schema: IcebergSchema
    package var spec: PartitionSpec
    package var order: SortOrder
    /// Nil: a place of its own below `s3://BUCKET/__firn/`.
    package var location: String?
    package var properties: [String: String]

    package init(
        identifier: TableIdentifier, schema: IcebergSchema, spec: PartitionSpec = .unpartitioned,
        order: SortOrder = .unsorted, location: String? = nil, properties: [String: String] = [:]
    ) {
        self.identifier = identifier
        self.schema = schema
        self.spec = spec
        self.order = order
        self.location = location
        self.properties = properties
    }
}
