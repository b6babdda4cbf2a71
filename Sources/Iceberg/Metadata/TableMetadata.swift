package import Columnar
package import Effects
package import JSONText

/// Everything about a table but its data: what a metadata file holds.
///
/// A value: changes are `TableUpdate`s applied by `TableChange`, which checks that the result is whole.
///
/// Source: Iceberg table specification, "Table Metadata and Snapshots".
package struct TableMetadata: Sendable, Hashable {
    package static let newestFormatVersion = 3
    package static let defaultFormatVersion = 2

    package var formatVersion: Int
    package var uuid: UniqueID
    package var location: String
    package var lastSequenceNumber: Int64
    package var lastUpdatedMilliseconds: Int64
    /// The highest field id ever given.
    package var lastColumnID: Int
    package var schemas: [IcebergSchema]
    package var currentSchemaID: Int
    package var specs: [PartitionSpec]
    package var defaultSpecID: Int
    /// The highest partition field id ever given.
    package var lastPartitionID: Int
    package var properties: [String: String]
    /// The snapshot of the main branch; nil for a table nobody wrote to.
    package var currentSnapshotID: Int64?
    package var snapshots: [Snapshot]
    package var snapshotLog: [SnapshotLogEntry]
    package var metadataLog: [MetadataLogEntry]
    package var sortOrders: [SortOrder]
    package var defaultSortOrderID: Int
    package var refs: [String: SnapshotRef]
    package var statistics: [StatisticsFile]
    package var partitionStatistics: [StatisticsFile]
    /// Version 3: above every row id given.
    package var nextRowID: Int64
    package var encryptionKeys: [EncryptionKey]
    /// Members Firn does not know.
    package var extras: JSONObject

    /// A table without anything, to apply the updates of a create transaction to.
    package init(uuid: UniqueID, formatVersion: Int = TableMetadata.defaultFormatVersion) {
        self.formatVersion = formatVersion
        self.uuid = uuid
        location = ""
        lastSequenceNumber = 0
        lastUpdatedMilliseconds = 0
        lastColumnID = 0
        schemas = []
        currentSchemaID = -1
        specs = []
        defaultSpecID = -1
        lastPartitionID = PartitionSpec.firstFieldID - 1
        properties = [:]
        currentSnapshotID = nil
        snapshots = []
        snapshotLog = []
        metadataLog = []
        sortOrders = []
        defaultSortOrderID = -1
        refs = [:]
        statistics = []
        partitionStatistics = []
        nextRowID = 0
        encryptionKeys = []
        extras = JSONObject()
    }
}

extension TableMetadata {
    package func schema(withID id: Int) -> IcebergSchema? { schemas.first { $0.schemaID == id } }
    package func spec(withID id: Int) -> PartitionSpec? { specs.first { $0.specID == id } }
    package func sortOrder(withID id: Int) -> SortOrder? { sortOrders.first { $0.orderID == id } }
    /// Looks at the newest first: those are asked for.
    package func snapshot(withID id: Int64) -> Snapshot? { snapshots.last { $0.snapshotID == id } }

    /// The schema new data has. Metadata that was read or built by this module always has it.
    package var currentSchema: IcebergSchema {
        guard let schema = schema(withID: currentSchemaID) else {
            preconditionFailure("table metadata without its current schema")
        }
        return schema
    }

    package var defaultSpec: PartitionSpec {
        guard let spec = spec(withID: defaultSpecID) else {
            preconditionFailure("table metadata without its default partition spec")
        }
        return spec
    }

    package var defaultSortOrder: SortOrder { sortOrder(withID: defaultSortOrderID) ?? .unsorted }

    package var currentSnapshot: Snapshot? { currentSnapshotID.flatMap { snapshot(withID: $0) } }

    /// The schema a snapshot is read with when it is not the current one.
    package func schema(of snapshot: Snapshot) -> IcebergSchema {
        snapshot.schemaID.flatMap { schema(withID: $0) } ?? currentSchema
    }

    /// Fields of every schema by id, newest schema first: bounds and partitions may be about columns that are gone.
    package func fieldInAnySchema(withID id: Int) -> Field? {
        if let field = currentSchema.field(withID: id) { return field }
        for schema in schemas.reversed() {
            if let field = schema.field(withID: id) { return field }
        }
        return nil
    }

    /// - Errors: `ICE-204`.
    package func requireSnapshot(_ id: Int64) throws(IcebergError) -> Snapshot {
        guard let snapshot = snapshot(withID: id) else {
            throw IcebergError(.unknownSnapshot, "the table has no such snapshot", ["snapshot-id": id])
        }
        return snapshot
    }
}

extension TableMetadata {
    /// Checks that what refers to each other exists.
    ///
    /// - Errors: `ICE-103`, `ICE-201`…`ICE-204`, `ICE-101`, and those of schemas.
    package func validate() throws(IcebergError) {
        guard (1...Self.newestFormatVersion).contains(formatVersion) else {
            throw IcebergError(
                .unsupportedVersion, "no such format version is known",
                ["format-version": formatVersion, "newest": Self.newestFormatVersion])
        }
        if location.isEmpty { throw IcebergError(.malformed, "a table needs a location") }
        guard let current = schema(withID: currentSchemaID) else {
            throw IcebergError(.unknownSchema, "the table has no such schema", ["schema-id": currentSchemaID])
        }
        try current.validate(formatVersion: formatVersion)
        guard spec(withID: defaultSpecID) != nil else {
            throw IcebergError(
                .unknownPartitionSpec, "the table has no such spec", ["spec-id": defaultSpecID])
        }
        guard sortOrder(withID: defaultSortOrderID) != nil else {
            throw IcebergError(
                .unknownSortOrder, "the table has no such sort order", ["order-id": defaultSortOrderID])
        }
        let numbers =
            [lastColumnID, lastPartitionID] + schemas.map(\.schemaID) + specs.map(\.specID)
            + sortOrders.map(\.orderID)
        if let tooLarge = numbers.first(where: { $0 > Int(Int32.max) }) {
            throw IcebergError(.malformed, "an id of the table has more than 32 bits", ["id": tooLarge])
        }
        try checkUnique(schemas.map(\.schemaID), "schema-id")
        try checkUnique(specs.map(\.specID), "spec-id")
        try checkUnique(sortOrders.map(\.orderID), "order-id")
        let known = try checkUnique(snapshots.map(\.snapshotID), "snapshot-id")
        for id in [currentSnapshotID].compactMap(\.self) + refs.values.map(\.snapshotID)
        where !known.contains(id) {
            _ = try requireSnapshot(id)
        }
        if let main = refs[SnapshotRef.mainBranch], main.snapshotID != currentSnapshotID {
            throw IcebergError(.malformed, "the main branch is not the current snapshot")
        }
    }

    @discardableResult
    private func checkUnique<ID: Hashable & Sendable>(
        _ ids: [ID], _ name: String
    ) throws(IcebergError) -> Set<ID> {
        var seen: Set<ID> = []
        for id in ids where !seen.insert(id).inserted {
            throw IcebergError(.malformed, "two parts of the table share an id", ["which": name, "id": id])
        }
        return seen
    }
}
