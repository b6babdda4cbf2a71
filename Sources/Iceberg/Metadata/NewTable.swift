package import Effects
import JSONText

/// What a caller wants a new table to be.
package struct NewTable: Sendable {
    /// Ids are only names here: the table numbers its columns afresh, and spec and order follow.
    package var schema: IcebergSchema
    package var spec: PartitionSpec
    package var order: SortOrder
    package var location: String
    /// `format-version` chooses the version and is not stored.
    package var properties: [String: String]

    package init(
        schema: IcebergSchema, spec: PartitionSpec = .unpartitioned, order: SortOrder = .unsorted,
        location: String,
        properties: [String: String] = [:]
    ) {
        self.schema = schema
        self.spec = spec
        self.order = order
        self.location = location
        self.properties = properties
    }

    /// Properties that name parts of the metadata itself and are never stored beside it.
    package static let reservedProperties: Set<String> = [
        "format-version", "uuid", "snapshot-count", "current-snapshot-id", "current-snapshot-summary",
        "current-snapshot-timestamp-ms", "current-schema", "default-partition-spec", "default-sort-order",
    ]

    /// - Errors: `ICE-102`…`ICE-106`, `ICE-108`.
    package func metadata(uuid: UniqueID, at now: Instant) throws(IcebergError) -> TableMetadata {
        let version = try formatVersion()
        let (schema, ids) = schema.withFreshIDs()
        try schema.validateNew(formatVersion: version)
        var spec = PartitionSpec(fields: spec.fields)
        for index in spec.fields.indices {
            let old = spec.fields[index].sourceID
            guard let source = ids.renumbered[old] else {
                throw IcebergError(
                    .invalidPartitionSpec, "no column has the source id of a partition field",
                    ["partition field": spec.fields[index].name, "source-id": old])
            }
            spec.fields[index].sourceID = source
            spec.fields[index].fieldID = PartitionSpec.firstFieldID + index
        }
        try spec.validate(against: schema)
        var order = SortOrder(orderID: order.isUnsorted ? 0 : max(1, order.orderID), fields: order.fields)
        for index in order.fields.indices {
            order.fields[index].sourceID = ids.renumbered[order.fields[index].sourceID] ?? 0
        }
        try order.validate(against: schema)

        var metadata = TableMetadata(uuid: uuid, formatVersion: version)
        metadata.location = try TableLocation(location).uri
        metadata.lastUpdatedMilliseconds = now.milliseconds
        metadata.schemas = [schema]
        metadata.currentSchemaID = 0
        metadata.lastColumnID = ids.lastID
        metadata.specs = [spec]
        metadata.defaultSpecID = 0
        metadata.lastPartitionID = spec.highestFieldID
        metadata.sortOrders = [order]
        metadata.defaultSortOrderID = order.orderID
        metadata.properties = properties.filter { !Self.reservedProperties.contains($0.key) }
        try metadata.validate()
        return metadata
    }

    private func formatVersion() throws(IcebergError) -> Int {
        guard let text = properties["format-version"] else { return TableMetadata.defaultFormatVersion }
        guard let version = Int(text), (1...TableMetadata.newestFormatVersion).contains(version) else {
            throw IcebergError(
                .unsupportedVersion, "new tables have a format version from 1 to 3", ["format-version": text])
        }
        return version
    }
}
