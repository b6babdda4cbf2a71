/// One change to a table's metadata, as writers send it to a catalog.
///
/// Ids of -1 mean "the one added last in this commit".
///
/// Source: Iceberg REST catalog specification, `TableUpdate`.
package enum TableUpdate: Sendable, Hashable {
    case assignUUID(String)
    case upgradeFormatVersion(Int)
    case addSchema(IcebergSchema, lastColumnID: Int?)
    case setCurrentSchema(Int)
    case addSpec(PartitionSpec)
    case setDefaultSpec(Int)
    case addSortOrder(SortOrder)
    case setDefaultSortOrder(Int)
    case addSnapshot(Snapshot)
    case setSnapshotRef(name: String, SnapshotRef)
    case removeSnapshots([Int64])
    case removeSnapshotRef(String)
    case setLocation(String)
    case setProperties([String: String])
    case removeProperties([String])
    case setStatistics(StatisticsFile)
    case removeStatistics(snapshotID: Int64)
    case setPartitionStatistics(StatisticsFile)
    case removePartitionStatistics(snapshotID: Int64)
    case removePartitionSpecs([Int])
    case removeSchemas([Int])
    case addEncryptionKey(EncryptionKey)
    case removeEncryptionKey(String)

    /// The wire name, such as `add-snapshot`.
    package var action: String {
        switch self {
        case .assignUUID: "assign-uuid"
        case .upgradeFormatVersion: "upgrade-format-version"
        case .addSchema: "add-schema"
        case .setCurrentSchema: "set-current-schema"
        case .addSpec: "add-spec"
        case .setDefaultSpec: "set-default-spec"
        case .addSortOrder: "add-sort-order"
        case .setDefaultSortOrder: "set-default-sort-order"
        case .addSnapshot: "add-snapshot"
        case .setSnapshotRef: "set-snapshot-ref"
        case .removeSnapshots: "remove-snapshots"
        case .removeSnapshotRef: "remove-snapshot-ref"
        case .setLocation: "set-location"
        case .setProperties: "set-properties"
        case .removeProperties: "remove-properties"
        case .setStatistics: "set-statistics"
        case .removeStatistics: "remove-statistics"
        case .setPartitionStatistics: "set-partition-statistics"
        case .removePartitionStatistics: "remove-partition-statistics"
        case .removePartitionSpecs: "remove-partition-specs"
        case .removeSchemas: "remove-schemas"
        case .addEncryptionKey: "add-encryption-key"
        case .removeEncryptionKey: "remove-encryption-key"
        }
    }
}
