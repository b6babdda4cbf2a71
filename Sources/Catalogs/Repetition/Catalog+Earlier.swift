import Blobs
package import Iceberg
import Metastore

extension Catalog {
    /// The table as it is now, or where it is gone or another one by that name, as it was at `metadataLocation`.
    ///
    /// - Errors: `CAT-103` when that file is gone as well, as after a purge.
    package func table(
        _ table: TableIdentifier, orAsAt metadataLocation: String, in warehouse: Warehouse
    ) async throws -> (metadata: TableMetadata, metadataLocation: String) {
        let file = try LocationRules.check(metadataLocation, in: warehouse).uri
        if let row = try await metastore.read({ try TableRow.find(table, in: warehouse, $0) }) {
            let current = try await files.load(row.metadataLocation)
            // A file of the table lies in its location, which is no other table's.
            if try TableLocation(current.location).contains(file) { return (current, row.metadataLocation) }
        }
        do {
            // What is in memory may outlive the file: the answer is the same whenever the request comes again.
            return (try await files.reload(file), file)
        } catch let error as CatalogError where (error.cause as? BlobsError)?.code == .notFound {
            throw CatalogError.noSuchTable(table, in: warehouse)
        }
    }

    /// As for tables; a view's files are never deleted.
    package func view(
        _ view: TableIdentifier, orAsAt metadataLocation: String, in warehouse: Warehouse
    ) async throws -> LoadedView {
        let file = try LocationRules.check(metadataLocation, in: warehouse).uri
        return LoadedView(metadata: try await viewFiles.load(file), metadataLocation: file)
    }
}
