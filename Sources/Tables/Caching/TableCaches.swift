package import Blobs
import Columnar
import Iceberg

/// Decoded metadata files, manifest lists, manifests and position deletes, shared by all readers of a process.
///
/// Keyed by path, ETag and size: a file that was replaced is another file. Rows are never kept, but which are deleted is.
package final class TableCaches: Sendable {
    package struct Key: Hashable, Sendable {
        package var path: BlobPath
        package var etag: String
        package var size: Int64

        package init(_ path: BlobPath, _ info: BlobInfo) {
            self.path = path
            etag = info.etag
            size = info.size
        }
    }

    /// What the entries of a manifest are beside its bytes: they inherit from the list that names it, and their partition
    /// values are of the types that the table's columns have by now. Both may change under the same file.
    struct ManifestKey: Hashable, Sendable {
        var file: Key
        var specID: Int
        var addedSnapshotID: Int64
        var sequenceNumber: Int64
        var firstRowID: Int64?
        /// Of all specs, one behind the other.
        var partitionTypes: [DataType?]
    }

    let metadata: RecentCache<Key, TableMetadata>
    let lists: RecentCache<Key, [ManifestFile]>
    let manifests: RecentCache<ManifestKey, [ManifestEntry]>
    /// Small, so that they are there when the entries have made room for others.
    let manifestBounds: RecentCache<Key, ManifestBounds>
    let positionDeletes: RecentCache<Key, PositionDeletes>

    /// Decoded entries take several times the bytes of their compressed file.
    static let growth = 8

    package init(limitBytes: Int = 128 << 20) {
        metadata = RecentCache(limit: limitBytes / 4)
        lists = RecentCache(limit: limitBytes / 8)
        manifests = RecentCache(limit: limitBytes / 16 * 7)
        manifestBounds = RecentCache(limit: limitBytes / 16)
        positionDeletes = RecentCache(limit: limitBytes / 8)
    }
}
