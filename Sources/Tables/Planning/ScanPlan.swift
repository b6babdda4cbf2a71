import Columnar
import Iceberg
import Scheduling
import Synchronization

/// Tasks on their way from the manifests to one consumer.
package final class ScanPlan: AsyncSequence, Sendable {
    package typealias Element = ScanTask

    private struct State {
        var manifests: ArraySlice<NumberedManifest>?
        var ready: ArraySlice<ScanTask> = []
        var counts = PlanCounts()
        /// Read before the first task.
        var deleteManifests: [ManifestFile] = []
        /// Complete before the first task.
        var deletes: DeleteIndex
        var reservation: MemoryReservation?
    }

    private struct NumberedManifest: Sendable {
        var number: Int
        var manifest: ManifestFile
    }

    private let files: TableFiles
    private let request: ScanRequest
    private let snapshots: [Snapshot]
    private let predicate: Predicate
    private let cancellation: CancellationToken?
    private let filters: [Int: PartitionFilter]
    private let memory: MemoryBudget?
    private let state: Mutex<State>

    init(
        files: TableFiles, request: ScanRequest, snapshots: [Snapshot], cancellation: CancellationToken?,
        memory: MemoryBudget?
    ) {
        let predicate = request.predicate.normalized
        self.memory = memory
        state = Mutex(State(deletes: DeleteIndex(metadata: files.metadata)))
        var files = files
        files.memory = memory
        self.files = files
        self.request = request
        self.snapshots = snapshots
        self.predicate = predicate
        self.cancellation = cancellation
        let schema = request.schema ?? files.metadata.currentSchema
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

    /// Bytes of manifests of deletes that the first task waits for. Reads the manifest list.
    package func prepare() async throws -> Int64 {
        try await openOnce()
        return state.withLock { state in
            state.deleteManifests.reduce(0) { total, manifest in
                let (sum, overflow) = total.addingReportingOverflow(Swift.max(0, manifest.length))
                return overflow ? .max : sum
            }
        }
    }

    /// Where the next task stands, if it is found already.
    package var nextPosition: ScanPosition? { state.withLock { $0.ready.first?.position } }

    /// The manifests of data that nobody looked into yet, by their numbers.
    package var unread: [Int] { state.withLock { $0.manifests?.map(\.number) ?? [] } }

    private func openOnce() async throws {
        guard state.withLock({ $0.manifests == nil }) else { return }
        let (data, deletes) = try await openLists()
        state.withLock { state in
            guard state.manifests == nil else { return }
            state.manifests = data[...]
            state.deleteManifests = deletes
        }
    }

    private func nextManifests() async throws -> [NumberedManifest] {
        try await openOnce()
        let deletes = state.withLock { state in
            defer { state.deleteManifests = [] }
            return state.deleteManifests
        }
        try await readDeletes(deletes)
        return state.withLock { state in
            let group = wanted(of: state.manifests ?? [])
            state.manifests = state.manifests?.dropFirst(group.count)
            return group
        }
    }

    /// The manifests to read next: a few, side by side, but no more than hold what is asked for at once.
    private func wanted(of manifests: ArraySlice<NumberedManifest>) -> [NumberedManifest] {
        guard let tasks = request.tasksAtOnce, predicate == .always else {
            return Array(manifests.prefix(TableReader.manifestsAtOnce))
        }
        var group: [NumberedManifest] = []
        var found: Int64 = 0
        for manifest in manifests.prefix(TableReader.manifestsAtOnce) where found < tasks {
            group.append(manifest)
            // A number that a list made up only makes the group smaller.
            found += Swift.min(manifest.manifest.liveFiles ?? .max, Int64(tasks))
        }
        return group
    }

    private func openLists() async throws -> (data: [NumberedManifest], deletes: [ManifestFile]) {
        guard predicate != .never else { return ([], []) }
        var data: [NumberedManifest] = []
        var deletes: [ManifestFile] = []
        var count = 0
        var kept = 0
        for snapshot in snapshots {
            for manifest in try await files.manifests(of: snapshot) where isAsked(manifest, of: snapshot) {
                defer { count += 1 }
                let mightMatch = filters[manifest.specID]?.mightMatch(manifest) ?? true
                guard manifest.mayHaveLiveFiles, mightMatch else { continue }
                kept += 1
                if manifest.content == .deletes {
                    deletes.append(manifest)
                } else if request.window.contains(manifest: count) {
                    data.append(NumberedManifest(number: count, manifest: manifest))
                }
            }
        }
        state.withLock { state in
            state.counts.manifests = count
            state.counts.skippedManifests = count - kept
        }
        return (data, data.isEmpty ? [] : deletes)
    }

    /// Of a range of snapshots each brings the manifests it wrote, and those of data only.
    private func isAsked(_ manifest: ManifestFile, of snapshot: Snapshot) -> Bool {
        switch request.range {
        case .snapshot: true
        case .appended: manifest.content == .data && manifest.addedSnapshotID == snapshot.snapshotID
        }
    }

    private func isAsked(_ entry: ManifestEntry, of manifest: ManifestFile) -> Bool {
        switch request.range {
        case .snapshot: entry.isLive
        case .appended: entry.status == .added && entry.snapshotID == manifest.addedSnapshotID
        }
    }

    /// What a delete in the index takes, about.
    private static let deleteBytes = 1024

    /// Deletes must be known before the first data file is given out. Those of partitions that are not read are left out.
    private func readDeletes(_ manifests: [ManifestFile]) async throws {
        if manifests.isEmpty { return }
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
                    try index.add(entry, files.location, anyFormat: request.allowsAnyFormat)
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
    private func tasks(in group: [NumberedManifest]) async throws -> [ScanTask] {
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

    private func tasks(in numbered: NumberedManifest) async throws -> ([ScanTask], PlanCounts) {
        guard let entries = try await entries(of: numbered.manifest) else {
            var counts = PlanCounts()
            counts.skippedManifests = 1
            return ([], counts)
        }
        try cancellation?.check()
        return try await files.workers.run(size: entries.count * TableFiles.entryBytes) { [self] in
            try tasks(for: entries, in: numbered)
        }
    }

    /// Nil where none can match.
    private func entries(of manifest: ManifestFile) async throws -> [ManifestEntry]? {
        guard let filter = filters[manifest.specID], !filter.columns.isEmpty else {
            return try await files.entries(of: manifest)
        }
        return try await files.entries(of: manifest, matching: filter)
    }

    private func tasks(
        for entries: [ManifestEntry], in numbered: NumberedManifest
    ) throws(TablesError) -> ([ScanTask], PlanCounts) {
        var counts = PlanCounts()
        var tasks: [ScanTask] = []
        let first = request.window.firstEntry(ofManifest: numbered.number)
        for (place, entry) in entries.enumerated().dropFirst(first)
        where isAsked(entry, of: numbered.manifest) {
            counts.files += 1
            let filter = try filter(for: entry)
            if entry.file.content != .data { throw misplaced(entry) }
            guard filter.mightMatch(entry.file) else {
                counts.skippedFiles += 1
                continue
            }
            let position = ScanPosition(manifest: numbered.number, entry: place)
            tasks.append(try task(entry, filter, at: position))
            counts.fileBytes &+= entry.file.fileSize
            counts.rows &+= entry.file.recordCount
        }
        return (tasks, counts)
    }

    private func task(
        _ entry: ManifestEntry, _ filter: PartitionFilter, at position: ScanPosition
    ) throws(TablesError) -> ScanTask {
        let file = entry.file
        let path = try files.location.blob(file.path)
        if !request.allowsAnyFormat, file.format != "PARQUET" || file.keyMetadata != nil {
            throw TablesError(
                .formatUnsupported, "the data file is not plain Parquet",
                ["path": file.path, "format": file.format, "encrypted": file.keyMetadata != nil])
        }
        guard let sequenceNumber = entry.sequenceNumber else {
            throw TablesError(.manifestUnreadable, "a data file has no sequence number", ["path": file.path])
        }
        try files.metadata.requireKnown(sequenceNumber, of: file)
        var task = ScanTask(
            file: file, path: path, spec: filter.spec, sequenceNumber: sequenceNumber,
            snapshotID: entry.snapshotID, position: position)
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
        skippedManifests += other.skippedManifests
        fileBytes &+= other.fileBytes
        rows &+= other.rows
    }
}
