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
        _ references: Set<BlobPath>, _ meanwhile: [ManifestFile], _ head: [ManifestFile],
        _ metadata: TableMetadata, _ location: TableLocation
    ) async throws {
        if references.isEmpty { return }
        let deletes = meanwhile.filter { $0.content == .deletes }
        guard deletes.count <= limits.rebasedManifests else {
            throw NotRebased("too many deletes came meanwhile to look at each")
        }
        for manifest in deletes {
            for entry in try await entries(of: manifest, metadata, location) {
                guard let target = entry.file.referencedDataFile.flatMap({ BlobPath(uri: $0) }) else {
                    throw NotRebased("a concurrent delete may be about any file: \(entry.file.path)")
                }
                if references.contains(target) {
                    throw NotRebased("somebody else deleted from the same file: \(target)")
                }
            }
        }
        var missing = references
        for manifest in head.filter({ $0.content == .data }).prefix(limits.rebasedManifests) {
            for entry in try await entries(of: manifest, metadata, location) where entry.isLive {
                if let path = BlobPath(uri: entry.file.path) { missing.remove(path) }
            }
            if missing.isEmpty { return }
        }
        throw NotRebased("a file it deletes from is gone: \(missing.map(\.uri).sorted()[0])")
    }
}
