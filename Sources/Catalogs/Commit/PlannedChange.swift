import Blobs
import Iceberg
import Metastore

/// What is to become of one table: worked out, not yet done.
struct PlannedChange: Sendable {
    enum Pointer: Sendable {
        case insert(NewTableRow)
        case move(from: TableRow)
        /// The name points at another table's metadata, or at another file of its own.
        case replace(TableRow, by: NewTableRow)
        /// Nothing changes; the pointer must still be there.
        case keep(TableRow)

        /// Where the metadata lies that the change begins with.
        var earlierLocation: String? {
            switch self {
            case .insert: nil
            case .move(let row), .replace(let row, _), .keep(let row): row.metadataLocation
            }
        }
    }

    var warehouse: Warehouse
    var identifier: TableIdentifier
    var metadata: TableMetadata
    var metadataLocation: String
    var pointer: Pointer
    /// Whether the metadata file is this change's own, to be written before and deleted when it fails.
    var writesFile = true
    /// The manifest lists of rebased appends, written together with the metadata file.
    var manifestLists: [ManifestList] = []
    /// What nobody can need once the change is done: metadata files that fall out of the table's log, a rebased
    /// append's first manifest list.
    var obsoleteFiles: [String] = []
    /// Manifest lists of snapshots that were expired; they go later, because readers may still be at them.
    var expiredLists: [String] = []

    struct ManifestList: Sendable {
        var path: BlobPath
        var bytes: [UInt8]
        /// What is in it.
        var manifests: [ManifestFile]
    }

    /// What landing this change stores, and what is taken away when it fails.
    var ownFiles: [String] {
        writesFile ? [metadataLocation] + manifestLists.map(\.path.uri) : []
    }

    /// Thrown inside the transaction to undo it.
    struct PointerMoved: Error {}

    /// - Errors: `PointerMoved`, and those of an insert.
    func apply(at microseconds: Int64, _ transaction: Transaction) throws {
        switch pointer {
        case .insert(let row): try row.insert(in: warehouse, transaction)
        case .move(let row):
            guard try row.movePointer(to: metadataLocation, at: microseconds, transaction) else {
                throw PointerMoved()
            }
            try ExpiredListRow.insert(expiredLists, of: row, at: microseconds, transaction)
        case .replace(let row, let new):
            guard try new.replace(row, in: warehouse, transaction) else { throw PointerMoved() }
        case .keep(let row):
            let same = try transaction.first(
                "SELECT id FROM tables WHERE id = ? AND metadata_location = ?",
                [.text(row.id), .text(row.metadataLocation)])
            guard same != nil else { throw PointerMoved() }
        }
    }

    /// The table once the change is done.
    var loaded: LoadedTable {
        let version: Int64 =
            switch pointer {
            case .insert: 1
            case .move(let row), .replace(let row, _): row.version + 1
            case .keep(let row): row.version
            }
        return LoadedTable(
            warehouse: warehouse, identifier: identifier, metadata: metadata,
            metadataLocation: metadataLocation,
            version: version)
    }
}
