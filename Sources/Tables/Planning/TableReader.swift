package import Blobs
import Columnar
package import Iceberg
package import Scheduling
import Synchronization

/// Finds the data files of a table that a query has to read.
///
///     metadata → manifest list (partition summaries) → manifests (partitions, column bounds) → tasks
///
/// Tasks are produced while they are consumed: a reader that stops early leaves manifests unread.
package struct TableReader: Sendable {
    /// Manifests read at the same time.
    package static let manifestsAtOnce = 4

    package let metadata: TableMetadata
    private let files: TableFiles

    /// - Errors: `ICE-108` for a location that is none.
    package init(
        metadata: TableMetadata, store: any BlobStore, caches: TableCaches,
        pool: (MorselPool, WorkPriority)? = nil
    ) throws {
        self.metadata = metadata
        files = try TableFiles(metadata: metadata, store: store, caches: caches, pool: pool)
    }

    /// The tasks of a snapshot, by default the current one; a table without snapshots has none.
    ///
    /// - Errors: `ICE-204` at once; through the stream `TAB-1xx`, `TAB-2xx`, `SCH-101`, the store's own.
    package func plan(
        predicate: Predicate = .always, snapshotID: Int64? = nil, cancellation: CancellationToken? = nil,
        memory: MemoryBudget? = nil
    ) throws -> ScanPlan {
        let snapshot = try snapshotID.map { try metadata.requireSnapshot($0) } ?? metadata.currentSnapshot
        return ScanPlan(
            files: files, snapshot: snapshot, predicate: predicate.normalized, cancellation: cancellation,
            memory: memory)
    }
}

/// Tasks on their way from the manifests to one consumer.
package final class ScanPlan: AsyncSequence, Sendable {
    package typealias Element = ScanTask

    private struct State {
        var manifests: ArraySlice<ManifestFile>?
        var ready: ArraySlice<ScanTask> = []
        var counts = PlanCounts()
        /// Complete before the first task.
        var deletes: DeleteIndex
        var reservation: MemoryReservation?
    }

    private let files: TableFiles
    private let snapshot: Snapshot?
    private let predicate: Predicate
    private let cancellation: CancellationToken?
    private let filters: [Int: PartitionFilter]
    private let memory: MemoryBudget?
    private let state: Mutex<State>

    init(
        files: TableFiles, snapshot: Snapshot?, predicate: Predicate, cancellation: CancellationToken?,
        memory: MemoryBudget?
    ) {
        self.memory = memory
        state = Mutex(State(deletes: DeleteIndex(metadata: files.metadata)))
        self.files = files
        self.snapshot = snapshot
        self.predicate = predicate
        self.cancellation = cancellation
        let schema = files.metadata.currentSchema
        filters = files.metadata.specs.reduce(into: [:]) { filters, spec in
            filters[spec.specID] = PartitionFilter(
                spec: spec, metadata: files.metadata, schema: schema, predicate)
        }
    }

    package var counts: PlanCounts { state.withLock { $0.counts } }

    /// The next task, or nil at the end. One caller at a time.
    package func next() async throws -> ScanTask? {
        while true {
            try cancellation?.check()
            if let task = state.withLock({ $0.ready.popFirst() }) { return task }
            let group = try await nextManifests()
            if group.isEmpty { return nil }
            let tasks = try await tasks(in: group)
            state.withLock { $0.ready += tasks }
        }
    }

    private func nextManifests() async throws -> [ManifestFile] {
        if state.withLock({ $0.manifests == nil }) {
            let found = try await openList()
            state.withLock { $0.manifests = $0.manifests ?? found[...] }
        }
        return state.withLock { state in
            let group = Array(state.manifests?.prefix(TableReader.manifestsAtOnce) ?? [])
            state.manifests = state.manifests?.dropFirst(group.count)
            return group
        }
    }

    private func openList() async throws -> [ManifestFile] {
        guard let snapshot, predicate != .never else { return [] }
        let all = try await files.manifests(of: snapshot)
        let kept = all.filter { manifest in
            manifest.mayHaveLiveFiles && (filters[manifest.specID]?.mightMatch(manifest) ?? true)
        }
        state.withLock { state in
            state.counts.manifests = all.count
            state.counts.skippedManifests = all.count - kept.count
        }
        try await readDeletes(kept.filter { $0.content == .deletes })
        return kept.filter { $0.content == .data }
    }

    /// What a delete in the index takes, about.
    private static let deleteBytes = 1024

    /// Deletes must be known before the first data file is given out. Those of partitions that are not read are left out.
    private func readDeletes(_ manifests: [ManifestFile]) async throws {
        var rest = manifests[...]
        var index = DeleteIndex(metadata: files.metadata)
        let reservation = try memory?.reserve(0, for: "the delete files of a table")
        while !rest.isEmpty {
            let group = rest.prefix(TableReader.manifestsAtOnce)
            rest = rest.dropFirst(group.count)
            let parts = try await withThrowingTaskGroup(of: (Int, [ManifestEntry]).self) { tasks in
                for (place, manifest) in group.enumerated() {
                    tasks.addTask { [self] in (place, try await files.entries(of: manifest)) }
                }
                return try await tasks.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            for place in parts.keys.sorted() {
                try cancellation?.check()
                for entry in parts[place] ?? [] where entry.isLive {
                    if entry.file.content == .data { throw misplaced(entry) }
                    guard try filter(for: entry).mightMatch(entry.file) else { continue }
                    try index.add(entry, files.location)
                }
                try reservation?.resize(to: index.count * Self.deleteBytes)
            }
        }
        state.withLock { state in
            state.deletes = index
            state.reservation = reservation
            state.counts.deleteFiles = index.count
        }
    }

    private func misplaced(_ entry: ManifestEntry) -> TablesError {
        TablesError(
            .manifestUnreadable, "a manifest of data names deletes, or one of deletes names data",
            ["path": entry.file.path])
    }

    private func filter(for entry: ManifestEntry) throws(TablesError) -> PartitionFilter {
        if let filter = filters[entry.file.specID] { return filter }
        throw TablesError(
            .manifestUnreadable, "a file belongs to a partition spec the table does not have",
            ["path": entry.file.path, "spec-id": entry.file.specID])
    }

    /// Reads a few manifests side by side; the order of their tasks is that of the list.
    private func tasks(in group: [ManifestFile]) async throws -> [ScanTask] {
        try await withThrowingTaskGroup(of: (Int, [ScanTask], PlanCounts).self) { tasks in
            for (index, manifest) in group.enumerated() {
                tasks.addTask { [self] in
                    let (found, counts) = try await self.tasks(in: manifest)
                    return (index, found, counts)
                }
            }
            var parts = [[ScanTask]](repeating: [], count: group.count)
            for try await (index, found, counts) in tasks {
                parts[index] = found
                state.withLock { $0.counts.add(counts) }
            }
            return parts.flatMap { $0 }
        }
    }

    private func tasks(in manifest: ManifestFile) async throws -> ([ScanTask], PlanCounts) {
        let entries = try await files.entries(of: manifest)
        try cancellation?.check()
        var counts = PlanCounts()
        var tasks: [ScanTask] = []
        for entry in entries where entry.isLive {
            counts.files += 1
            let filter = try filter(for: entry)
            if entry.file.content != .data { throw misplaced(entry) }
            guard filter.mightMatch(entry.file) else {
                counts.skippedFiles += 1
                continue
            }
            tasks.append(try task(entry, filter))
            counts.fileBytes &+= entry.file.fileSize
            counts.rows &+= entry.file.recordCount
        }
        return (tasks, counts)
    }

    private func task(_ entry: ManifestEntry, _ filter: PartitionFilter) throws(TablesError) -> ScanTask {
        let file = entry.file
        let path = try files.location.blob(file.path)
        if file.format != "PARQUET" || file.keyMetadata != nil {
            throw TablesError(
                .formatUnsupported, "the data file is not plain Parquet",
                ["path": file.path, "format": file.format, "encrypted": file.keyMetadata != nil])
        }
        guard let sequenceNumber = entry.sequenceNumber else {
            throw TablesError(.manifestUnreadable, "a data file has no sequence number", ["path": file.path])
        }
        var task = ScanTask(
            file: file, path: path, spec: filter.spec, sequenceNumber: sequenceNumber,
            snapshotID: entry.snapshotID, residual: predicate)
        task.deletes = state.withLock { $0.deletes }.deletes(
            for: file, path, sequenceNumber: task.sequenceNumber)
        return task
    }

    package struct Iterator: AsyncIteratorProtocol {
        let plan: ScanPlan
        package func next() async throws -> ScanTask? { try await plan.next() }
    }

    package func makeAsyncIterator() -> Iterator { Iterator(plan: self) }
}

extension PlanCounts {
    mutating func add(_ other: PlanCounts) {
        files += other.files
        skippedFiles += other.skippedFiles
        fileBytes &+= other.fileBytes
        rows &+= other.rows
    }
}
