package import Iceberg
package import Scheduling
package import Tables

extension Catalog {
    /// Holds a table's files against each other as they are at this moment; see `TableCheck`.
    ///
    /// What commits write while it runs may be listed as orphans, and what they delete as missing: repeat before acting.
    ///
    /// - Errors: `CAT-103`; `CAT-401` when the metadata file itself is missing or damaged.
    package func checkTable(
        _ table: TableIdentifier, in warehouse: Warehouse, readsData: Bool, cancellation: CancellationToken
    ) async throws -> TableCheckReport {
        // What is on its way out is no orphan.
        await deleteObsoleteFiles()
        let loaded = try await loadTable(table, in: warehouse)
        return try await TableCheck(
            metadata: loaded.metadata, metadataLocation: loaded.metadataLocation, store: store,
            readsData: readsData, cancellation: cancellation
        ).run()
    }
}
