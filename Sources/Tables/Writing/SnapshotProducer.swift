package import Blobs
package import Effects
package import Iceberg
package import Scheduling

/// Makes the snapshot that adds data files to a table: a manifest of the new files, and a list of it and every manifest
/// of the parent. Mostly those are unchanged, so that a catalog can put it on top of a concurrent append; once they are
/// many they are merged, and then a concurrent commit is a conflict.
///
/// Nothing is visible before a catalog applies the updates.
package struct SnapshotProducer: Sendable {
    /// Entries of one manifest; about 8 MB.
    static let entriesPerManifest = 20_000

    let store: any BlobStore
    let caches: TableCaches
    let clock: any Clock
    let randomness: any Randomness
    let workers: Workers

    /// Manifests are merged on `pool` where there is one, else on the caller's thread.
    package init(
        store: any BlobStore, caches: TableCaches, clock: any Clock, randomness: any Randomness,
        pool: (MorselPool, WorkPriority)? = nil
    ) {
        workers = Workers(pool)
        self.store = store
        self.caches = caches
        self.clock = clock
        self.randomness = randomness
    }

    /// Writes manifests and manifest list for an append to `branch`.
    ///
    /// `summary` is added to what the specification wants counted. Without `merging` every manifest of the parent stays,
    /// for a writer that lost against others and wants to be rebased. When this throws, what it wrote is deleted again.
    ///
    /// - Errors: `TAB-203` for tables of version 1, `TAB-103` for files outside the table, `TAB-102`, the store's own.
    package func append(
        _ files: [DataFile], to metadata: TableMetadata, branch: String = SnapshotRef.mainBranch,
        summary: [String: String] = [:], merging: Bool = true
    ) async throws -> ProducedSnapshot {
        try requireWritable(metadata)
        let location = try TableLocation(metadata.location)
        for file in files { _ = try location.blob(file.path) }
        var written = WrittenFiles(store: store)
        do {
            let packing = merging ? ManifestPacking(properties: metadata.properties) : nil
            let snapshot = try newSnapshot(files, metadata, branch, summary)
            return try await produce(files, metadata, snapshot, branch, packing, &written)
        } catch {
            await written.discard()
            throw error
        }
    }

    /// - Errors: `TAB-203`.
    func requireWritable(_ metadata: TableMetadata) throws(TablesError) {
        guard metadata.formatVersion > 1 else {
            throw TablesError(
                .versionUnsupported, "tables of format version 1 are read, not written",
                ["location": metadata.location], hint: "upgrade the table to version 2")
        }
    }

    private func newSnapshot(
        _ files: [DataFile], _ metadata: TableMetadata, _ branch: String, _ summary: [String: String]
    ) throws -> Snapshot {
        let parent = try metadata.refs[branch].map { try metadata.requireSnapshot($0.snapshotID) }
        var snapshot = try newSnapshot(after: parent, metadata)
        snapshot.summary = AppendSummary.make(files, parent: parent, extra: summary)
        return snapshot
    }

    private func produce(
        _ files: [DataFile], _ metadata: TableMetadata, _ base: Snapshot, _ branch: String,
        _ packing: ManifestPacking?, _ written: inout WrittenFiles
    ) async throws -> ProducedSnapshot {
        let tableFiles = try TableFiles(metadata: metadata, store: store, caches: caches, workers: workers)
        let parent = try base.parentID.map { try metadata.requireSnapshot($0) }
        let parents = try await parentManifests(parent, tableFiles)
        let manifests = try await writeManifests(
            files, beside: parents,
            merger: ManifestMerger(
                snapshot: base, metadata: metadata, files: tableFiles, workers: workers,
                randomness: randomness),
            packing, &written)
        return try await list(manifests, base, metadata, branch: branch, &written)
    }

    /// A snapshot with its id and place, still without a summary.
    ///
    /// - Errors: `ICE-303` when the table has no sequence number left.
    func newSnapshot(after parent: Snapshot?, _ metadata: TableMetadata) throws -> Snapshot {
        let (sequenceNumber, overflow) = metadata.lastSequenceNumber.addingReportingOverflow(1)
        if overflow {
            throw IcebergError(
                .invalidUpdate, "the table has no sequence number left", ["last": sequenceNumber])
        }
        let id = newSnapshotID(metadata)
        let folder = try TableLocation(metadata.location).uri + "/metadata/"
        var snapshot = Snapshot(
            snapshotID: id, parentID: parent?.snapshotID, sequenceNumber: sequenceNumber,
            timestampMilliseconds: max(clock.now.milliseconds, metadata.lastUpdatedMilliseconds),
            manifestList: "\(folder)snap-\(id)-1-\(UniqueID.random(from: randomness)).avro")
        snapshot.schemaID = metadata.currentSchemaID
        return snapshot
    }

    /// Writes the snapshot's manifest list; the last step.
    func list(
        _ manifests: [ManifestFile], _ snapshot: Snapshot, _ metadata: TableMetadata, branch: String,
        _ written: inout WrittenFiles
    ) async throws -> ProducedSnapshot {
        var manifests = manifests
        var snapshot = snapshot
        if metadata.formatVersion > 2 {
            snapshot.firstRowID = metadata.nextRowID
            snapshot.addedRows = try RowIDs.assign(to: &manifests, from: metadata.nextRowID)
        }
        let bytes = try ManifestListFile.write(
            manifests, of: snapshot, formatVersion: metadata.formatVersion, sync: randomness.bytes(16))
        try await written.put(snapshot.manifestList ?? "", bytes)

        var ref = metadata.refs[branch] ?? SnapshotRef(snapshotID: snapshot.snapshotID)
        ref.snapshotID = snapshot.snapshotID
        return ProducedSnapshot(
            snapshot: snapshot, updates: [.addSnapshot(snapshot), .setSnapshotRef(name: branch, ref)],
            requirements: [
                .tableUUID(metadata.uuid.description),
                .refSnapshotID(ref: branch, snapshot.parentID),
            ], writtenPaths: written.paths)
    }

    /// Manifests of the new files, then the parent's; in the place of those that are merged, first the merged ones.
    private func writeManifests(
        _ files: [DataFile], beside parents: [ManifestFile], merger: ManifestMerger,
        _ packing: ManifestPacking?, _ written: inout WrittenFiles
    ) async throws -> [ManifestFile] {
        let groups = groups(files)
        let folder = try TableLocation(merger.metadata.location).uri + "/metadata/"
        let name = UniqueID.random(from: randomness)
        var fresh: [(bytes: [UInt8], manifest: ManifestFile)] = []
        for (number, group) in groups.enumerated() {
            fresh.append(
                try await merger.merge(
                    group, [], specID: group[0].specID, path: "\(folder)\(name)-m\(number).avro"))
        }
        let all = fresh.map(\.manifest) + parents
        let bins = packing?.groups(all, newCount: fresh.count) ?? []
        let packed = Set(bins.joined())
        for (position, made) in fresh.enumerated() where !packed.contains(position) {
            try await written.put(made.manifest.path, made.bytes)
        }
        var manifests: [ManifestFile] = []
        for (number, bin) in bins.enumerated() {
            let old = bin.filter { $0 >= fresh.count }.map { all[$0] }
            let merged = try await merger.merge(
                bin.filter { $0 < fresh.count }.flatMap { groups[$0] }, old, specID: all[bin[0]].specID,
                path: "\(folder)\(name)-m\(fresh.count + number).avro")
            try await written.put(merged.manifest.path, merged.bytes)
            manifests.append(merged.manifest)
        }
        return manifests + all.indices.filter { !packed.contains($0) }.map { all[$0] }
    }

    /// Positive, and none the table knows.
    private func newSnapshotID(_ metadata: TableMetadata) -> Int64 {
        while true {
            let id = Int64(bitPattern: randomness.next() >> 1)
            if id > 0, metadata.snapshot(withID: id) == nil { return id }
        }
    }

    /// Files of one spec, not too many; in the order given.
    func groups(_ files: [DataFile]) -> [[DataFile]] {
        var groups: [[DataFile]] = []
        for specID in Set(files.map(\.specID)).sorted() {
            let same = files.filter { $0.specID == specID }
            for start in stride(from: 0, to: same.count, by: Self.entriesPerManifest) {
                groups.append(Array(same[start..<min(start + Self.entriesPerManifest, same.count)]))
            }
        }
        return groups
    }

    /// Lists of version 1 may leave counts out, which version 2 demands: those manifests are read and counted. What a
    /// snapshot names without a list has no length yet either.
    func parentManifests(_ parent: Snapshot?, _ files: TableFiles) async throws -> [ManifestFile] {
        guard let parent else { return [] }
        var manifests = try await files.manifests(of: parent)
        for index in manifests.indices where manifests[index].files == nil || manifests[index].rows == nil {
            let entries = try await files.entries(of: manifests[index])
            var counts = ManifestFile.Counts()
            var rows = ManifestFile.Counts()
            for entry in entries {
                counts.add(1, entry.status)
                rows.add(entry.file.recordCount, entry.status)
            }
            manifests[index].files = counts
            manifests[index].rows = rows
        }
        for index in manifests.indices where manifests[index].length < 0 {
            manifests[index].length = try await files.length(of: manifests[index])
        }
        return manifests
    }
}

/// What a catalog needs to commit a snapshot, and what to delete when the commit surely did not happen.
package struct ProducedSnapshot: Sendable {
    package var snapshot: Snapshot
    package var updates: [TableUpdate]
    package var requirements: [TableRequirement]
    /// Manifests and manifest list that this snapshot alone refers to.
    package var writtenPaths: [String]
}

/// Remembers what was written, to take it away again.
struct WrittenFiles: Sendable {
    let store: any BlobStore
    private(set) var paths: [String] = []

    init(store: any BlobStore) { self.store = store }

    mutating func put(_ uri: String, _ bytes: [UInt8]) async throws {
        guard let path = BlobPath(uri: uri) else {
            throw TablesError(.pathOutsideTable, "a path to write is no s3:// URI", ["path": uri])
        }
        // Before the put: one that fails may have written all the same.
        paths.append(uri)
        _ = try await store.put(path, bytes, if: .ifAbsent)
    }

    func discard() async { await Litter.discard(paths, store: store) }
}

extension ManifestFile.Counts {
    mutating func add(_ amount: Int64, _ status: ManifestEntry.Status) {
        switch status {
        case .added: added &+= amount
        case .existing: existing &+= amount
        case .deleted: deleted &+= amount
        }
    }
}
