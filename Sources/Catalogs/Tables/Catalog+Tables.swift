import Blobs
import Effects
package import Iceberg
import Metastore

extension Catalog {
    /// The table as it is now: the pointer is read each time, the metadata behind it may come from memory.
    ///
    /// - Errors: `CAT-103`, `CAT-401`.
    package func loadTable(_ table: TableIdentifier, in warehouse: Warehouse) async throws -> LoadedTable {
        let row = try await metastore.read { try TableRow.require(table, in: warehouse, $0) }
        return LoadedTable(
            warehouse: warehouse, identifier: table, metadata: try await metadata(of: row),
            metadataLocation: row.metadataLocation,
            version: row.version)
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

    /// Forgets the table and answers what it was at that moment. Its files stay; `registerTable` takes it back.
    ///
    /// - Errors: `CAT-103`, `CAT-302`, `CAT-401`.
    package func unregisterTable(
        _ table: TableIdentifier, in warehouse: Warehouse
    ) async throws -> LoadedTable {
        try await queue.holding([CommitQueue.key(table, warehouse)]) {
            for _ in 0..<limits.commitAttempts {
                let last = try await loadTable(table, in: warehouse)
                let answer = RecordedAnswer.table(table, metadataLocation: last.metadataLocation)
                let removed = try await unregister(table, last, in: warehouse, answer)
                if removed { return last }
            }
            throw contended
        }
    }

    /// False when a commit came in between, which would be lost from the answer.
    private func unregister(
        _ table: TableIdentifier, _ last: LoadedTable, in warehouse: Warehouse, _ answer: RecordedAnswer
    ) async throws -> Bool {
        do {
            try await change(answer: { _ in answer }) { transaction in
                let row = try TableRow.require(table, in: warehouse, transaction)
                let count = try transaction.execute(
                    "DELETE FROM tables WHERE id = ? AND uuid = ? AND metadata_location = ?",
                    [.text(row.id), .text(last.uuid), .text(last.metadataLocation)])
                if count == 0 { throw PlannedChange.PointerMoved() }
            }
            return true
        } catch is PlannedChange.PointerMoved {
            return false
        }
    }

    /// Forgets the table. Its files stay, or with `purge` go: everything below its location, which is its own and which
    /// nobody gets before all is gone.
    ///
    /// - Errors: `CAT-103`; for a purge also `CAT-207` where `gc.enabled` is false, and `CAT-302` and `CAT-401`: without its
    /// metadata nobody knows. When deleting files fails the table is gone all the same, and `maintain` tries again.
    package func dropTable(_ table: TableIdentifier, in warehouse: Warehouse, purge: Bool = false)
        async throws
    {
        guard purge else { return try await drop(table, in: warehouse, purging: nil) }
        try await queue.holding([CommitQueue.key(table, warehouse)]) {
            for _ in 0..<limits.commitAttempts {
                let last = try await loadTable(table, in: warehouse)
                guard SnapshotRetention(properties: last.metadata.properties) != nil else {
                    throw CatalogError(
                        .changeRefused, "the table's files are not to be deleted: gc.enabled is false",
                        ["table": table],
                        hint: "drop it without purging, or set gc.enabled to true before")
                }
                do {
                    return try await drop(table, in: warehouse, purging: last)
                } catch is PlannedChange.PointerMoved { continue }
            }
            throw contended
        }
    }

    /// - Errors: `PointerMoved` when the table is not `last` any more.
    private func drop(_ table: TableIdentifier, in warehouse: Warehouse, purging last: LoadedTable?)
        async throws
    {
        let now = clock.now.microseconds
        let location = try await change(answer: { _ in .nothing }) { transaction in
            let row = try TableRow.require(table, in: warehouse, transaction)
            if let last, row.metadataLocation != last.metadataLocation || row.uuid != last.uuid {
                throw PlannedChange.PointerMoved()
            }
            try transaction.execute("DELETE FROM tables WHERE id = ?", [.text(row.id)])
            guard last != nil else { return String?.none }
            try PurgeRow(location: row.location, tableUUID: row.uuid).insert(at: now, transaction)
            return row.location
        }
        FaultPoints.pass(.purgeRecorded)
        if let location { await self.purge(location, pages: limits.purgePagesAtOnce) }
    }
}
