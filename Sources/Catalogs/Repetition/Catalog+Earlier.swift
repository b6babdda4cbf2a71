package import Iceberg
import Metastore

extension Catalog {
    /// The table as it is now, or where it is gone or another one by that name, as it was at `metadataLocation`.
    ///
    /// - Errors: `CAT-401` when that file is gone as well.
    package func table(
        _ table: TableIdentifier, orAsAt metadataLocation: String, in warehouse: Warehouse
    ) async throws -> (metadata: TableMetadata, metadataLocation: String) {
        let file = try LocationRules.check(metadataLocation, in: warehouse).uri
        if let row = try await metastore.read({ try TableRow.find(table, in: warehouse, $0) }) {
            let current = try await files.load(row.metadataLocation)
            // A file of the table lies in its location, which is no other table's.
            if try TableLocation(current.location).contains(file) { return (current, row.metadataLocation) }
        }
        return (try await files.load(file), file)
    }

    /// As for tables; a view's files are never deleted.
    package func view(
        _ view: TableIdentifier, orAsAt metadataLocation: String, in warehouse: Warehouse
    ) async throws -> LoadedView {
        let file = try LocationRules.check(metadataLocation, in: warehouse).uri
        return LoadedView(metadata: try await viewFiles.load(file), metadataLocation: file)
    }
}
