import Blobs
import Synchronization
import Telemetry

/// The files that hold one object or part each, named by a number that says nothing about it.
///
///     DIR/data/0000000a/000000000000a1b2
final class DataFiles: Sendable {
    private struct State {
        var next: UInt64 = 1
        var known: Set<UInt64> = []
        /// Directories with entries that may not be durable yet.
        var unsynced: Set<UInt64> = []
    }

    private let disk: any Disk
    private let directory: String
    private let directoryFiles: UInt64
    private let metrics: StoreMetrics
    /// Bytes that all unfinished writes hold in memory.
    let staged = Atomic<Int>(0)
    let stagedBytesMost: Int
    private let state = Mutex(State())
    private let opened: OpenFiles

    init(disk: any Disk, directory: String, limits: StoreLimits, metrics: StoreMetrics) {
        self.disk = disk
        self.directory = directory
        directoryFiles = limits.directoryFiles
        stagedBytesMost = limits.stagedBytes
        self.metrics = metrics
        opened = OpenFiles(limit: limits.openFiles, gauge: metrics.openFiles)
    }

    private func directoryPath(_ group: UInt64) -> String {
        let text = String(group, radix: 16)
        return directory + "/" + String(repeating: "0", count: max(0, 8 - text.count)) + text
    }

    private func path(_ id: UInt64) -> String {
        directoryPath(id / directoryFiles) + "/" + JournalFiles.digits(id)
    }

    /// A new empty file; its directory entry becomes durable with the next `syncDirectories`.
    func create() throws(BlobsError) -> (id: UInt64, file: any DiskFile) {
        let (id, isNewGroup) = state.withLock { state in
            defer { state.next += 1 }
            return (state.next, !state.known.contains(state.next / directoryFiles))
        }
        let group = id / directoryFiles
        if isNewGroup {
            try disk.createDirectory(directoryPath(group))
            try disk.syncDirectory(directory)
            state.withLock { _ = $0.known.insert(group) }
        }
        let file = try disk.create(path(id))
        state.withLock { _ = $0.unsynced.insert(group) }
        return (id, file)
    }

    /// Nil when the file was removed. Blocks; the check in the background wants to know what is on the disk.
    func open(_ id: UInt64) throws(BlobsError) -> (any DiskFile)? {
        try disk.open(path(id), isWritable: false)
    }

    /// A file that is still open from an earlier read, without asking the disk.
    func alreadyOpen(_ id: UInt64) -> (any DiskFile)? { opened[id] }

    /// As `open`, and keeps it open for the next reader.
    func openToKeep(_ id: UInt64) throws(BlobsError) -> (any DiskFile)? {
        let generation = opened.generation
        guard let file = try open(id) else { return nil }
        opened.keep(file, id, ifStill: generation)
        return file
    }

    func remove(_ id: UInt64) throws(BlobsError) {
        try disk.remove(path(id))
        // Whoever opens it from now on finds nothing; whoever did before may not keep it.
        opened.forget(id)
    }

    /// Makes the entries of every file created so far durable; one sync serves all that share a directory.
    func syncDirectories() throws(BlobsError) {
        let groups = state.withLock { state in
            defer { state.unsynced = [] }
            return state.unsynced
        }
        do throws(BlobsError) {
            for group in groups {
                try disk.syncDirectory(directoryPath(group))
                metrics.directorySyncs.add()
            }
        } catch {
            state.withLock { $0.unsynced.formUnion(groups) }
            throw error
        }
    }

    /// Every file there is.
    func allIDs() throws(BlobsError) -> [UInt64] {
        var ids: [UInt64] = []
        for name in try disk.list(directory) {
            guard let group = UInt64(name, radix: 16) else { continue }
            for name in try disk.list(directoryPath(group)) {
                if let id = UInt64(name, radix: 16), id / directoryFiles == group { ids.append(id) }
            }
        }
        return ids
    }

    /// Removes files no object needs: left by writers that were cut off. Answers how many, and which are missing.
    func recover(used: Set<UInt64>) throws(BlobsError) -> (removed: Int, missing: [UInt64]) {
        var missing = used
        var removed = 0
        var largest = used.max() ?? 0
        var groups: Set<UInt64> = []
        for name in try disk.list(directory) {
            guard let group = UInt64(name, radix: 16) else { continue }
            groups.insert(group)
            for name in try disk.list(directoryPath(group)) {
                guard let id = UInt64(name, radix: 16), id / directoryFiles == group else { continue }
                largest = max(largest, id)
                guard missing.remove(id) == nil else { continue }
                try disk.remove(path(id))
                removed += 1
            }
        }
        state.withLock { state in
            state.next = largest + 1
            state.known = groups
        }
        return (removed, missing.sorted())
    }
}
