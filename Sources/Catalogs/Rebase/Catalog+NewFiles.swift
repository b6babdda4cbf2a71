import Blobs
import Iceberg
import Tables

extension Catalog {
    private static let manifestsAtOnce = 8

    /// None of the files that an append adds came into the table since its writer looked: who adds files that exist
    /// already looks first whether the table has them, and what two such writers both added would be read twice.
    ///
    /// - Errors: `NotRebased` when one did, or when too much came to look at all of it.
    /// - Cost: manifests of data in `meanwhile` that no append was compared with before are read.
    func requireNew(
        _ files: Set<BlobPath>, _ meanwhile: [ManifestFile], _ metadata: TableMetadata,
        _ location: TableLocation
    ) async throws {
        if files.isEmpty { return }
        let own = Set(files.map(\.hashValue))
        var unknown: [ManifestFile] = []
        for manifest in meanwhile where manifest.content == .data {
            if let known = comparedFiles.find(manifest) {
                try Self.requireNone(of: files, own, in: known)
            } else {
                unknown.append(manifest)
            }
        }
        guard unknown.count <= limits.comparedManifests else {
            throw NotRebased("too many files came meanwhile to compare its own with")
        }
        var rest = unknown[...]
        while !rest.isEmpty {
            let group = rest.prefix(Self.manifestsAtOnce)
            rest = rest.dropFirst(group.count)
            try await withThrowingTaskGroup(of: Set<Int>.self) { tasks in
                for manifest in group {
                    tasks.addTask { [self] in try await dataFiles(of: manifest, metadata, location) }
                }
                for try await found in tasks { try Self.requireNone(of: files, own, in: found) }
            }
        }
    }

    private static func requireNone(
        of files: Set<BlobPath>, _ own: Set<Int>, in others: Set<Int>
    ) throws(NotRebased) {
        if own.isDisjoint(with: others) { return }
        let twin = files.first { others.contains($0.hashValue) }
        throw NotRebased("somebody else added the same file: \(twin?.uri ?? "")")
    }

    private func dataFiles(
        of manifest: ManifestFile, _ metadata: TableMetadata, _ location: TableLocation
    ) async throws -> Set<Int> {
        var files: Set<Int> = []
        for entry in try await entries(of: manifest, metadata, location) where entry.isLive {
            if let path = BlobPath(uri: entry.file.path) { files.insert(path.hashValue) }
        }
        comparedFiles.insert(files, of: manifest)
        return files
    }
}
