import Blobs
import Effects
package import Iceberg
import Metastore

extension Catalog {
    /// The table as it is now, or where it is gone or another one by that name, as it was at `metadataLocation`: then
    /// `isCurrent` is false, and who asked by the name has no more right to the files than to any other's.
    ///
    /// - Errors: `CAT-103` when that file is gone as well, as after a purge; `CAT-401` when it is another table's by now.
    package func table(
        _ table: TableIdentifier, orAsAt metadataLocation: String, in warehouse: Warehouse
    ) async throws -> (metadata: TableMetadata, metadataLocation: String, isCurrent: Bool) {
        let file = try LocationRules.check(metadataLocation, in: warehouse).uri
        if let (row, current) = try await find(table, in: warehouse) {
            // A file of the table lies in its location, which is no other table's.
            if try TableLocation(current.location).contains(file) {
                return (current, row.metadataLocation, true)
            }
        }
        do {
            // What is in memory may outlive the file: the answer is the same whenever the request comes again.
            let metadata = try await files.readAnew(file).metadata
            let location = try LocationRules.check(metadata.location, in: warehouse)
            guard location.contains(file) else { throw LocationRules.outside(file, location) }
            return (metadata, file, false)
        } catch let error as CatalogError where (error.cause as? BlobsError)?.code == .notFound {
            throw CatalogError.noSuchTable(table, in: warehouse)
        }
    }

    /// Whether `table` is the one that was staged as `metadata`, or that one was never created and its place is free.
    ///
    /// - Errors: `ICE-108`, the Metastore's and the store's.
    package func isCurrent(
        staged metadata: TableMetadata, as table: TableIdentifier, in warehouse: Warehouse
    ) async throws -> Bool {
        let row = try await metastore.read { try TableRow.find(table, in: warehouse, $0) }
        let key = LocationRules.key(try TableLocation(metadata.location))
        if let row {
            return row.uuid == metadata.uuid.description && row.location.utf8.elementsEqual(key.utf8)
        }
        let isOwned = try await metastore.read { transaction in
            try transaction.first("SELECT uuid FROM tables WHERE location = ?", [.text(key)]) != nil
        }
        if isOwned { return false }
        return try await hasTable(uuid: metadata.uuid.description, at: metadata.location, isStaged: true)
    }

    /// As for tables; a view's files are never deleted.
    package func view(
        _ view: TableIdentifier, orAsAt metadataLocation: String, in warehouse: Warehouse
    ) async throws -> LoadedView {
        let file = try LocationRules.check(metadataLocation, in: warehouse).uri
        return LoadedView(metadata: try await viewFiles.load(file), metadataLocation: file)
    }
}
