import Blobs
import Iceberg
import Tables

/// Which live data files the manifests have that appends were compared with, as hashes of their paths.
///
/// A manifest never changes, so it is read once for all the appends to come; an append that looked thousands of commits
/// ago then costs one look each. Two paths of one hash would make a needless conflict, in one of 2^64 cases.
struct ComparedFiles: Sendable {
    private struct Key: Hashable {
        let path: String
        let length: Int64
        let snapshotID: Int64

        init(_ manifest: ManifestFile) {
            path = manifest.path
            length = manifest.length
            snapshotID = manifest.addedSnapshotID
        }
    }

    private static let bytesPerManifest = 512
    private static let bytesPerFile = 32
    private let hashes: RecentCache<Key, Set<Int>>

    init(limitBytes: Int) { hashes = RecentCache(limit: limitBytes) }

    func find(_ manifest: ManifestFile) -> Set<Int>? { hashes.find(Key(manifest)) }

    func insert(_ files: Set<Int>, of manifest: ManifestFile) {
        let cost = Self.bytesPerManifest + files.count * Self.bytesPerFile
        hashes.insert(files, for: Key(manifest), cost: cost)
    }
}
