package import Iceberg
package import Tables

/// What a writer wants done to one table, and what must hold for it.
package struct TableCommit: Sendable {
    package var warehouse: Warehouse
    package var identifier: TableIdentifier
    package var requirements: [TableRequirement]
    package var updates: [TableUpdate]
    /// Whether the commit also takes away the snapshots that the table's properties no longer keep. For Firn's own
    /// writers, which commit every few seconds; a client expires when it wants to.
    package var expiresSnapshots: Bool
    /// Whether the manifest lists of its snapshots are read. One that is not there, or is written with a partition spec
    /// that the table lost meanwhile, nobody could read.
    package var checksManifestLists = false
    /// By what right a table that is created gets its place.
    package var claim = PlaceClaim.any
    /// Whether a client made it, by a clock that is not the server's.
    package var isForeign = false
    /// How long the request was that it came in: applying the updates of a long one takes a while.
    package var requestBytes = 0

    package init(
        warehouse: Warehouse, identifier: TableIdentifier, requirements: [TableRequirement],
        updates: [TableUpdate], expiresSnapshots: Bool = false
    ) {
        self.warehouse = warehouse
        self.identifier = identifier
        self.requirements = requirements
        self.updates = updates
        self.expiresSnapshots = expiresSnapshots
    }

    /// What one of Firn's own writers made.
    package init(_ snapshot: ProducedSnapshot, to table: LoadedTable) {
        self.init(
            warehouse: table.warehouse, identifier: table.identifier, requirements: snapshot.requirements,
            updates: snapshot.updates, expiresSnapshots: true)
        checksManifestLists = true
    }

    /// Updates whose cost grows with the table's columns or with what the commits before brought of their kind.
    var structureUpdates: Int {
        updates.count { update in
            switch update {
            case .addSchema, .setCurrentSchema, .addSpec, .setDefaultSpec, .addSortOrder,
                .setDefaultSortOrder, .removePartitionSpecs, .removeSchemas, .setStatistics,
                .setPartitionStatistics, .addEncryptionKey, .removeEncryptionKey:
                true
            case .assignUUID, .upgradeFormatVersion, .addSnapshot, .setSnapshotRef, .removeSnapshots,
                .removeSnapshotRef, .setLocation, .setProperties, .removeProperties, .removeStatistics,
                .removePartitionStatistics:
                false
            }
        }
    }
}
