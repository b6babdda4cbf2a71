import Blobs
import Iceberg
import Tables

extension Catalog {
    /// Whether deletes from `references` mean now what they meant to their writer: each of the files is live, and nobody
    /// has deleted from it since.
    ///
    /// A concurrent delete file that does not say which data file it is about may be about any.
    ///
    /// - Cost: manifests that came since, and those of data until all files are found; at most `rebasedManifests`.
    func holds(
        _ references: Set<String>, _ rebase: AppendRebase, _ head: [ManifestFile], _ state: GroupState
    ) async throws -> Bool {
        if references.isEmpty { return true }
        let location = try TableLocation(state.metadata.location)
        var known: Set<String> = []
        if let parent = rebase.parent {
            known = Set(try await manifests(of: parent, state, location).map(\.path))
        }
        let deletes = head.filter { $0.content == .deletes && !known.contains($0.path) }
        guard deletes.count <= limits.rebasedManifests else { return false }
        for manifest in deletes {
            for entry in try await entries(of: manifest, state.metadata, location) {
                guard let target = entry.file.referencedDataFile, !references.contains(target) else {
                    return false
                }
            }
        }
        var missing = references
        for manifest in head.filter({ $0.content == .data }).prefix(limits.rebasedManifests) {
            for entry in try await entries(of: manifest, state.metadata, location) where entry.isLive {
                missing.remove(entry.file.path)
            }
            if missing.isEmpty { return true }
        }
        return false
    }

    private func entries(
        of manifest: ManifestFile, _ metadata: TableMetadata, _ location: TableLocation
    ) async throws -> [ManifestEntry] {
        let bytes = try await readWhole(location.blob(manifest.path))
        let reader = ManifestReader(metadata: metadata, manifest: manifest)
        return try await work.run(size: bytes.count) { try reader.entries(bytes) }
    }
}
