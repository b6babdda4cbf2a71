import Blobs
import Effects
package import Iceberg
import Metastore

extension Catalog {
    /// The table as it is now: the pointer is read each time, the metadata behind it may come from memory.
    ///
    /// - Errors: `CAT-103`, `CAT-401`.
    package func loadTable(_ table: TableIdentifier, in warehouse: Warehouse) async throws -> LoadedTable {
        guard let (row, metadata) = try await find(table, in: warehouse) else {
            throw CatalogError.noSuchTable(table, in: warehouse)
        }
        return LoadedTable(
            warehouse: warehouse, identifier: table, metadata: metadata,
            metadataLocation: row.metadataLocation,
            version: row.version)
    }

    /// Several tables as they are at one moment; those that are not there are left out.
    ///
    /// - Errors: `CAT-401`, `CAT-302`.
    /// - Cost: one read of the Metastore.
    package func loadTables(
        _ tables: [TableIdentifier], in warehouse: Warehouse
    ) async throws -> [LoadedTable] {
        func rows() async throws -> [TableRow?] {
            try await metastore.read { transaction in
                try tables.map { try TableRow.find($0, in: warehouse, transaction) }
            }
        }
        for _ in 0..<limits.commitAttempts {
            let found = try await rows()
            var loaded: [LoadedTable] = []
            do {
                for case (let table, let row?) in zip(tables, found) {
                    loaded.append(
                        LoadedTable(
                            warehouse: warehouse, identifier: table, metadata: try await metadata(of: row),
                            metadataLocation: row.metadataLocation, version: row.version))
                }
                return loaded
            } catch let error as CatalogError where error.code == .corrupt {
                // As for one table: gone because the pointer has moved on is no damage.
                let isUnmoved =
                    try await rows().map { $0?.metadataLocation } == found.map { $0?.metadataLocation }
                if isUnmoved { throw error }
            }
        }
        throw contended
    }

    /// What has the name now, and what it points at; nil when nothing has it.
    ///
    /// A file that is gone because the pointer has moved on is no damage: commits delete what falls out of the log, and a
    /// purge deletes all.
    ///
    /// - Errors: `CAT-401`, `CAT-302`.
    func find(
        _ table: TableIdentifier, in warehouse: Warehouse
    ) async throws -> (row: TableRow, metadata: TableMetadata)? {
        func row() async throws -> TableRow? {
            try await metastore.read { try TableRow.find(table, in: warehouse, $0) }
        }
        for _ in 0..<limits.commitAttempts {
            guard let found = try await row() else { return nil }
            do {
                return (found, try await metadata(of: found))
            } catch let error as CatalogError where error.code == .corrupt {
                if try await row()?.metadataLocation == found.metadataLocation { throw error }
            }
        }
        throw contended
    }

    /// What the row points at.
    ///
    /// - Errors: `CAT-401`, also for a file that is not this table's.
    func metadata(of row: TableRow) async throws -> TableMetadata {
        let metadata = try await files.load(row.metadataLocation)
        try row.require(metadata)
        return metadata
    }

    /// The table's metadata as JSON, all snapshots in it: from memory for tables that are asked for often.
    package func metadataText(of table: LoadedTable) async throws -> [UInt8] {
        try await files.text(of: table.metadata, at: table.metadataLocation)
    }

    package func tableExists(_ table: TableIdentifier, in warehouse: Warehouse) async throws -> Bool {
        try await metastore.read { try TableRow.find(table, in: warehouse, $0) != nil }
    }

    /// Whether the files at `location` are still those of the table `uuid`, whatever its name is now.
    ///
    /// A staged table has no row yet: its place is its own until somebody else has it, or a part of it, or until it was
    /// created: a metadata file in a place of its own tells that it was and is gone.
    ///
    /// - Errors: `ICE-108`, the Metastore's and the store's.
    /// - Cost: one read of the Metastore by an index; for a staged table a listing.
    package func hasTable(uuid: String, at location: String, isStaged: Bool) async throws -> Bool {
        let place = try TableLocation(location)
        let known: Bool? = try await metastore.read { transaction in
            let owner = try transaction.first(
                "SELECT uuid FROM tables WHERE location = ?", [.text(LocationRules.key(place))])
            if let owner { return try owner.text("uuid") == uuid }
            guard isStaged else { return false }
            do {
                try LocationRules.requireFree(place, transaction)
                return nil
            } catch let error as CatalogError where error.code == .locationOverlaps {
                return false
            }
        }
        if let known { return known }
        // Elsewhere a table that was dropped before may have left some.
        guard DefaultLocation.isOne(place) else { return true }
        return try await !hasMetadata(in: place)
    }

    /// Whether the catalog has written metadata there: `metadata/00000-….metadata.json` and those after it. What a client
    /// writes before its commit are manifests.
    private func hasMetadata(in location: TableLocation) async throws -> Bool {
        let folder = location.key + "/metadata/0"
        let page = try await store.list(bucket: location.bucket, prefix: folder, after: nil, limit: 1000)
        return page.entries.contains { $0.key.hasSuffix(".metadata.json") }
    }

    /// - Errors: `CAT-102` when the namespace does not exist.
    package func listTables(
        in namespace: Namespace, of warehouse: Warehouse, page: PageRequest = .all
    ) async throws -> Page<TableIdentifier> {
        let names = try await metastore.read { transaction in
            let row = try NamespaceRow.require(namespace, in: warehouse, transaction)
            return try TableRow.names(in: row, page: page, transaction)
        }
        let tables = names.map { TableIdentifier(namespace: namespace, name: $0) }
        return Page(tables, for: page, key: \.name)
    }

    /// Also moves it to another namespace of the warehouse. Its files stay where they are.
    ///
    /// - Errors: `CAT-103`, `CAT-102`, `CAT-104`, `CAT-201`.
    package func renameTable(
        _ source: TableIdentifier, to target: TableIdentifier, in warehouse: Warehouse
    ) async throws {
        try NameRules(limits: limits).check(tableName: target.name)
        let now = clock.now.microseconds
        try await change(answer: { _ in .nothing }) { transaction in
            let row = try TableRow.require(source, in: warehouse, transaction)
            let namespace = try NamespaceRow.require(target.namespace, in: warehouse, transaction)
            try TableRow.requireFree(target, in: warehouse, transaction)
            try transaction.execute(
                "UPDATE tables SET namespace_id = ?, name = ?, updated_at = ? WHERE id = ?",
                [.text(namespace.id), .text(target.name), .integer(now), .text(row.id)])
        }
    }
}
