package import Iceberg

/// A view at one moment: its metadata and where that is stored.
package struct LoadedView: Sendable {
    package var metadata: ViewMetadata
    package var metadataLocation: String
}

/// What a caller wants a new view to be.
package struct CreateView: Sendable {
    package var identifier: TableIdentifier
    package var schema: IcebergSchema
    /// Its schema id is replaced by that of `schema`.
    package var version: ViewVersion
    /// Nil: a place of its own below `s3://BUCKET/__firn/`.
    package var location: String?
    package var properties: [String: String]

    package init(
        identifier: TableIdentifier, schema: IcebergSchema, version: ViewVersion, location: String? = nil,
        properties: [String: String] = [:]
    ) {
        self.identifier = identifier
        self.schema = schema
        self.version = version
        self.location = location
        self.properties = properties
    }
}
