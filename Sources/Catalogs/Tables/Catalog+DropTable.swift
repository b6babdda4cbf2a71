import Effects
package import Iceberg
import JSONText
import Metastore
import Telemetry

extension Catalog {
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
        let now = clock.now.microseconds
        do {
            try await change(answer: { _ in answer }) { transaction in
                let row = try TableRow.require(table, in: warehouse, transaction)
                let count = try transaction.execute(
                    "DELETE FROM tables WHERE id = ? AND uuid = ? AND metadata_location = ?",
                    [.text(row.id), .text(last.uuid), .text(last.metadataLocation)])
                if count == 0 { throw PlannedChange.PointerMoved() }
                try row.leave(table, in: warehouse, at: now, transaction)
            }
            return true
        } catch is PlannedChange.PointerMoved {
            return false
        }
    }

    /// Forgets the table. Its files stay, or with `purge` go: everything below its location, which is its own and which
    /// nobody gets before all is gone.
    ///
    /// - Errors: `CAT-103`; for a purge also `CAT-207` where `gc.enabled` is not true, and `CAT-302`. When deleting files
    /// fails the table is gone all the same, and `maintain` tries again.
    package func dropTable(_ table: TableIdentifier, in warehouse: Warehouse, purge: Bool = false)
        async throws
    {
        guard purge else { return try await drop(table, in: warehouse, purging: nil) }
        try await queue.holding([CommitQueue.key(table, warehouse)]) {
            for _ in 0..<limits.commitAttempts {
                let row = try await metastore.read { try TableRow.require(table, in: warehouse, $0) }
                try await requirePurgeable(row, table)
                do {
                    return try await drop(table, in: warehouse, purging: row)
                } catch is PlannedChange.PointerMoved { continue }
            }
            throw contended
        }
    }

    /// Metadata that cannot be read forbids nothing: there would be no way to be rid of what is left of the table.
    ///
    /// - Errors: `CAT-207`.
    private func requirePurgeable(_ row: TableRow, _ table: TableIdentifier) async throws {
        let metadata: TableMetadata
        do {
            metadata = try await self.metadata(of: row)
        } catch let error as CatalogError where error.code == .corrupt {
            log.warning(
                "a table is purged whose metadata cannot be read",
                ["location": .string(row.location), "reason": .string("\(error)")])
            return
        }
        guard SnapshotRetention(properties: metadata.properties) != nil else {
            throw CatalogError(
                .changeRefused, "the table's files are not to be deleted: gc.enabled is not true",
                ["table": table], hint: "drop it without purging, or set gc.enabled to true before")
        }
    }

    /// - Errors: `PointerMoved` when the table is not `last` any more.
    private func drop(_ table: TableIdentifier, in warehouse: Warehouse, purging last: TableRow?)
        async throws
    {
        let now = clock.now.microseconds
        let location = try await change(answer: { _ in .nothing }) { transaction in
            let row = try TableRow.require(table, in: warehouse, transaction)
            if let last, row.metadataLocation != last.metadataLocation || row.id != last.id {
                throw PlannedChange.PointerMoved()
            }
            try transaction.execute("DELETE FROM tables WHERE id = ?", [.text(row.id)])
            guard last != nil else {
                try row.leave(table, in: warehouse, at: now, transaction)
                return String?.none
            }
            try PurgeRow(location: row.location, tableUUID: row.uuid).insert(at: now, transaction)
            return row.location
        }
        FaultPoints.pass(.purgeRecorded)
        // Else the node that clears away finds it on record.
        if let location, metastore.isMain { await self.purge(location, pages: limits.purgePagesAtOnce) }
    }
}
