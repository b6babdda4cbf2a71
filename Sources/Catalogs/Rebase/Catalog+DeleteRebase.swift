import Blobs
import Iceberg
import Tables

extension Catalog {
    /// Deletes from `references` mean now what they meant to their writer: each of the files is live, and nobody has
    /// deleted from it since.
    ///
    /// A concurrent delete file that does not say which data file it is about may be about any.
    ///
    /// - Errors: `NotRebased` when they do not.
    /// - Cost: manifests that came since, and those of data until all files are found; at most `rebasedManifests`.
    func requireUntouched(
        _ references: Set<String>, _ rebase: AppendRebase, _ head: [ManifestFile], _ state: GroupState
    ) async throws {
        if references.isEmpty { return }
        let location = try TableLocation(state.metadata.location)
        var known: Set<String> = []
        if let parent = rebase.parent {
            known = Set(try await manifests(of: parent, state, location).map(\.path))
        }
        let deletes = head.filter { $0.content == .deletes && !known.contains($0.path) }
        guard deletes.count <= limits.rebasedManifests else {
            throw NotRebased("too many deletes came meanwhile to look at each")
        }
        for manifest in deletes {
            for entry in try await entries(of: manifest, state.metadata, location) {
                guard let target = entry.file.referencedDataFile else {
                    throw NotRebased("a concurrent delete may be about any file: \(entry.file.path)")
                }
                if references.contains(target) {
                    throw NotRebased("somebody else deleted from the same file: \(target)")
                }
            }
        }
        var missing = references
        for manifest in head.filter({ $0.content == .data }).prefix(limits.rebasedManifests) {
            for entry in try await entries(of: manifest, state.metadata, location) where entry.isLive {
                missing.remove(entry.file.path)
            }
            if missing.isEmpty { return }
        }
        throw NotRebased("a file it deletes from is gone: \(missing.sorted()[0])")
    }

    private func entries(
        of manifest: ManifestFile, _ metadata: TableMetadata, _ location: TableLocation
    ) async throws -> [ManifestEntry] {
        let bytes = try await readWhole(location.blob(manifest.path))
        let reader = ManifestReader(metadata: metadata, manifest: manifest)
        return try await work.run(size: bytes.count) { try reader.entries(bytes) }
    }
}
