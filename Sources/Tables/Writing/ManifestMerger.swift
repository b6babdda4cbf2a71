import Effects
import FileFormats
import Iceberg

/// Writes several manifests of a snapshot as one: the new files as added, those of earlier snapshots as existing, with
/// the numbers they had.
struct ManifestMerger: Sendable {
    let snapshot: Snapshot
    let metadata: TableMetadata
    let files: TableFiles
    let workers: Workers
    let randomness: any Randomness

    /// `added` are files that no manifest has yet; `manifests` are the parent's.
    ///
    /// - Errors: `TAB-102`, `ICE-202` for a spec the table does not have.
    func merge(
        _ added: [DataFile], _ manifests: [ManifestFile], specID: Int, path: String
    ) async throws -> (bytes: [UInt8], manifest: ManifestFile) {
        guard let spec = metadata.spec(withID: specID) else {
            throw IcebergError(.unknownPartitionSpec, "the table has no such spec", ["spec-id": specID])
        }
        var kept: [[ManifestEntry]] = []
        for manifest in manifests {
            kept.append(try await files.entries(of: manifest).filter(\.isLive))
        }
        let (snapshot, metadata, sync) = (snapshot, metadata, randomness.bytes(16))
        return try await workers.run { [kept] in
            var writer = ManifestWriter(
                metadata: metadata, spec: spec, snapshotID: snapshot.snapshotID, sync: sync,
                partitions: kept.lazy.joined().map(\.file.partition))
            for file in added {
                try writer.append(ManifestEntry(.added, file, snapshotID: snapshot.snapshotID))
            }
            for entries in kept {
                // A deleted entry tells of the snapshot that deleted it; this one did not.
                for var entry in entries {
                    entry.status = .existing
                    do throws(FileFormatsError) { try writer.append(entry) } catch {
                        throw TablesError(
                            .manifestUnreadable, "a manifest has an entry that does not fit its spec",
                            ["spec-id": specID], cause: error)
                    }
                }
            }
            return try writer.finish(path: path, sequenceNumber: snapshot.sequenceNumber)
        }
    }
}
