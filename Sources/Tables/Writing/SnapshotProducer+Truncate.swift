import Effects
package import Iceberg

extension SnapshotProducer {
    /// Writes the snapshot that takes every file out of `branch`: each live entry of the parent becomes a deleted one,
    /// so that readers of changes see what went. Nil when the branch has no live file.
    ///
    /// The files themselves stay until the snapshots that hold them expire.
    ///
    /// - Errors: `TAB-203` for tables of version 1, `TAB-102`, `TAB-103`, the store's own; then nothing is left.
    /// - Cost: every manifest of the parent is read, and one written for each.
    package func truncate(
        _ metadata: TableMetadata, branch: String = SnapshotRef.mainBranch, summary: [String: String] = [:]
    ) async throws -> ProducedSnapshot? {
        try requireWritable(metadata)
        guard let parent = try metadata.refs[branch].map({ try metadata.requireSnapshot($0.snapshotID) })
        else { return nil }
        var written = WrittenFiles(store: store)
        do {
            return try await removeAll(of: parent, metadata, branch, summary, &written)
        } catch {
            await written.discard()
            throw error
        }
    }

    private func removeAll(
        of parent: Snapshot, _ metadata: TableMetadata, _ branch: String, _ summary: [String: String],
        _ written: inout WrittenFiles
    ) async throws -> ProducedSnapshot? {
        let files = try TableFiles(metadata: metadata, store: store, caches: caches, workers: workers)
        var snapshot = try newSnapshot(after: parent, metadata)
        let folder = try TableLocation(metadata.location).uri + "/metadata/"
        let name = UniqueID.random(from: randomness)
        var removed = RemovedFiles()
        var manifests: [ManifestFile] = []
        for (number, old) in try await files.manifests(of: parent).enumerated() where old.mayHaveLiveFiles {
            let live = try await files.entries(of: old).filter(\.isLive)
            guard let first = live.first else { continue }
            guard let spec = metadata.spec(withID: first.file.specID) else {
                throw IcebergError(
                    .unknownPartitionSpec, "the table has no such spec", ["spec-id": first.file.specID])
            }
            var writer = ManifestWriter(
                metadata: metadata, spec: spec, snapshotID: snapshot.snapshotID, sync: randomness.bytes(16),
                content: old.content, partitions: live.lazy.map(\.file.partition))
            for entry in live {
                removed.count(entry.file)
                var gone = entry
                gone.status = .deleted
                gone.snapshotID = snapshot.snapshotID
                try writer.append(gone)
            }
            let path = "\(folder)\(name)-m\(number).avro"
            let (bytes, manifest) = try writer.finish(path: path, sequenceNumber: snapshot.sequenceNumber)
            try await written.put(path, bytes)
            manifests.append(manifest)
        }
        if manifests.isEmpty { return nil }
        snapshot.summary = removed.summary.merging(summary) { counted, _ in counted }
        return try await list(manifests, snapshot, metadata, branch: branch, &written)
    }
}

/// What a snapshot that removes files counts.
///
/// Source: Iceberg table specification, "Optional Snapshot Summary Fields".
private struct RemovedFiles {
    private var dataFiles: Int64 = 0
    private var deleteFiles: Int64 = 0
    private var rows: Int64 = 0
    private var positionDeletes: Int64 = 0
    private var equalityDeletes: Int64 = 0
    private var bytes: Int64 = 0

    mutating func count(_ file: DataFile) {
        bytes &+= file.fileSize
        switch file.content {
        case .data:
            dataFiles += 1
            rows &+= file.recordCount
        case .positionDeletes:
            deleteFiles += 1
            positionDeletes &+= file.recordCount
        case .equalityDeletes:
            deleteFiles += 1
            equalityDeletes &+= file.recordCount
        }
    }

    var summary: [String: String] {
        var summary = [
            "operation": "delete", "deleted-data-files": "\(dataFiles)", "deleted-records": "\(rows)",
            "removed-files-size": "\(bytes)",
        ]
        for (name, count) in [
            ("removed-delete-files", deleteFiles), ("removed-position-deletes", positionDeletes),
            ("removed-equality-deletes", equalityDeletes),
        ] where count > 0 { summary[name] = "\(count)" }
        for total in [
            "data-files", "records", "files-size", "delete-files", "position-deletes", "equality-deletes",
        ] { summary["total-\(total)"] = "0" }
        return summary
    }
}
