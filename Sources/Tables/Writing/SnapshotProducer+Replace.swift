import Effects
package import Iceberg

extension SnapshotProducer {
    /// Writes the snapshot that puts `files` in the place of the data files with these paths, whose rows were read as of
    /// the snapshot `readAt`. Nil when that does not hold any more: one of them has left `branch`, or rows were deleted
    /// since by delete files.
    ///
    /// A catalog does not put such a snapshot on top of another one, so what was read of the old files still holds when
    /// it is committed. The old files themselves stay until the snapshots that hold them expire.
    ///
    /// - Errors: `TAB-203` for tables of version 1, `TAB-102`, `TAB-103`, the store's own; then nothing is left.
    /// - Cost: every data manifest of the parent is read; those that hold an old file are written again.
    package func replace(
        _ gone: Set<String>, readAt: Int64, with files: [DataFile], in metadata: TableMetadata,
        branch: String = SnapshotRef.mainBranch, summary: [String: String] = [:]
    ) async throws -> ProducedSnapshot? {
        try requireWritable(metadata)
        let location = try TableLocation(metadata.location)
        for file in files { _ = try location.blob(file.path) }
        guard let parent = try metadata.refs[branch].map({ try metadata.requireSnapshot($0.snapshotID) }),
            let read = metadata.snapshot(withID: readAt),
            try await deletes(of: read, metadata) == deletes(of: parent, metadata)
        else { return nil }
        var written = WrittenFiles(store: store)
        do {
            let produced = try await replace(gone, files, parent, metadata, branch, summary, &written)
            if produced == nil { await written.discard() }
            return produced
        } catch {
            await written.discard()
            throw error
        }
    }

    private func deletes(of snapshot: Snapshot, _ metadata: TableMetadata) async throws -> Set<String> {
        let files = try TableFiles(metadata: metadata, store: store, caches: caches, workers: workers)
        return Set(try await files.manifests(of: snapshot).filter { $0.content == .deletes }.map(\.path))
    }

    private func replace(
        _ gone: Set<String>, _ files: [DataFile], _ parent: Snapshot, _ metadata: TableMetadata,
        _ branch: String, _ summary: [String: String], _ written: inout WrittenFiles
    ) async throws -> ProducedSnapshot? {
        let tableFiles = try TableFiles(metadata: metadata, store: store, caches: caches, workers: workers)
        var snapshot = try newSnapshot(after: parent, metadata)
        let merger = ManifestMerger(
            snapshot: snapshot, metadata: metadata, files: tableFiles, workers: workers,
            randomness: randomness)
        let prefix =
            try TableLocation(metadata.location).uri + "/metadata/\(UniqueID.random(from: randomness))-m"
        var manifests: [ManifestFile] = []
        for group in groups(files) {
            let made = try await merger.merge(
                group, [], specID: group[0].specID, path: "\(prefix)\(manifests.count).avro")
            try await written.put(made.manifest.path, made.bytes)
            manifests.append(made.manifest)
        }
        var removed: [DataFile] = []
        for old in try await parentManifests(parent, tableFiles) {
            guard old.content == .data, old.mayHaveLiveFiles else {
                manifests.append(old)
                continue
            }
            let entries = try await tableFiles.entries(of: old).filter(\.isLive)
            let found = entries.filter { gone.contains($0.file.path) }.map(\.file)
            guard !found.isEmpty else {
                manifests.append(old)
                continue
            }
            removed += found
            let path = "\(prefix)\(manifests.count).avro"
            let made = try rewritten(entries, without: gone, snapshot, metadata, path: path)
            try await written.put(path, made.bytes)
            manifests.append(made.manifest)
        }
        guard removed.count == gone.count else { return nil }
        snapshot.summary = ReplacementSummary.make(removed, files, parent: parent, extra: summary)
        return try await list(manifests, snapshot, metadata, branch: branch, &written)
    }

    /// What goes is told as deleted, so that readers of changes see it; the others keep the numbers they had.
    private func rewritten(
        _ entries: [ManifestEntry], without gone: Set<String>, _ snapshot: Snapshot,
        _ metadata: TableMetadata, path: String
    ) throws -> (bytes: [UInt8], manifest: ManifestFile) {
        let specID = entries[0].file.specID
        guard let spec = metadata.spec(withID: specID) else {
            throw IcebergError(.unknownPartitionSpec, "the table has no such spec", ["spec-id": specID])
        }
        var writer = ManifestWriter(
            metadata: metadata, spec: spec, snapshotID: snapshot.snapshotID, sync: randomness.bytes(16),
            partitions: entries.lazy.map(\.file.partition))
        for var entry in entries {
            entry.status = .existing
            if gone.contains(entry.file.path) {
                entry.status = .deleted
                entry.snapshotID = snapshot.snapshotID
            }
            try writer.append(entry)
        }
        return try writer.finish(path: path, sequenceNumber: snapshot.sequenceNumber)
    }
}

/// What a snapshot counts that puts data files in the place of others.
///
/// Source: Iceberg table specification, "Optional Snapshot Summary Fields".
private enum ReplacementSummary {
    static func make(
        _ removed: [DataFile], _ added: [DataFile], parent: Snapshot, extra: [String: String]
    ) -> [String: String] {
        var summary = AppendSummary.make(added, parent: parent, extra: extra)
        summary["operation"] = added.isEmpty ? "delete" : "overwrite"
        // It counts the partitions of what is added alone.
        summary["changed-partition-count"] = nil
        let rows = removed.reduce(Int64(0)) { $0 &+ $1.recordCount }
        let bytes = removed.reduce(Int64(0)) { $0 &+ $1.fileSize }
        for (name, total, count) in [
            ("deleted-data-files", "total-data-files", Int64(removed.count)),
            ("deleted-records", "total-records", rows), ("removed-files-size", "total-files-size", bytes),
        ] {
            summary[name] = "\(count)"
            summary[total] = summary[total].flatMap { Int64($0) }.map { "\($0 &- count)" }
        }
        return summary
    }
}
