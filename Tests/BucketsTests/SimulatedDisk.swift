import Blobs
import Buckets
import Effects
import Synchronization

/// A disk in memory that knows what a power cut would leave, and can fail.
///
/// A file's bytes survive a cut when they were synced; of later writes each page of 4 KiB survives or not, by a draw. An
/// entry of a directory survives when the directory was synced after it was made; else by a draw.
final class SimulatedDisk: Disk {
    enum Operation: Hashable { case create, write, sync, syncDirectory }

    final class Node: Sendable {
        struct Contents {
            var bytes: [UInt8] = []
            var durable: [UInt8] = []
            var dirtyPages: Set<Int> = []
        }
        let contents = Mutex(Contents())
    }

    private struct State {
        var files: [String: Node] = [:]
        var durableFiles: [String: Node] = [:]
        var directories: Set<String> = []
        /// The operation that will fail when its count is down, and with what.
        var failure: (operation: Operation, countdown: Int, code: BlobsError.Code)?
        var syncCount = 0
        /// Past a cut nothing more reaches this disk.
        var isCut = false
        var operationsUntilCut: Int?
    }

    static let pageBytes = 4096
    private let state: Mutex<State>

    init() { state = Mutex(State()) }

    private init(files: [String: Node], directories: Set<String>) {
        state = Mutex(State(files: files, durableFiles: files, directories: directories))
    }

    var syncCount: Int { state.withLock { $0.syncCount } }
    var names: [String] { state.withLock { $0.files.keys.sorted() } }

    /// The `count`th operation of this kind from now fails.
    func fail(_ operation: Operation, after count: Int = 1, with code: BlobsError.Code) {
        state.withLock { $0.failure = (operation, count, code) }
    }

    /// Operations from here on until the power goes.
    func cut(afterOperations count: Int) { state.withLock { $0.operationsUntilCut = count } }

    /// What the next start finds.
    func afterPowerCut(seed: UInt64) -> SimulatedDisk {
        var generator = SeededGenerator(seed: seed)
        return state.withLock { state in
            state.isCut = true
            var files: [String: Node] = [:]
            for (path, node) in state.files.merging(state.durableFiles, uniquingKeysWith: { old, _ in old })
                .sorted(by: { $0.key < $1.key })
            {
                let durable = state.durableFiles[path]
                let isNew = durable == nil
                guard !isNew || generator.next() % 2 == 0 else { continue }
                // An unsynced removal may or may not have reached the disk.
                if state.files[path] == nil, generator.next() % 2 == 0 { continue }
                files[path] = Self.survivor(of: durable ?? node, &generator)
            }
            return SimulatedDisk(files: files, directories: state.directories)
        }
    }

    private static func survivor(of node: Node, _ generator: inout SeededGenerator) -> Node {
        let (bytes, durable, dirty) = node.contents.withLock { ($0.bytes, $0.durable, $0.dirtyPages) }
        var result = durable
        if !dirty.isEmpty {
            // The size may have grown before the pages came: they are then zero.
            let size =
                generator.next() % 3 == 0
                ? durable.count : max(durable.count, bytes.count - Int(generator.next() % 64))
            result += [UInt8](repeating: 0, count: max(0, min(size, bytes.count) - durable.count))
            for page in dirty.sorted() where generator.next() % 2 == 0 {
                let end = min((page + 1) * pageBytes, result.count, bytes.count)
                guard page * pageBytes < end else { continue }
                let range = page * pageBytes..<end
                result.replaceSubrange(range, with: bytes[range])
            }
        }
        let survivor = Node()
        survivor.contents.withLock { contents in
            contents.bytes = result
            contents.durable = result
        }
        return survivor
    }

    /// Changes a byte of a stored file, as a bad disk would.
    func flip(_ path: String, at offset: Int) {
        state.withLock { $0.files[path] }?.contents.withLock { contents in
            contents.bytes[offset] ^= 0x40
            contents.durable = contents.bytes
        }
    }

    func size(_ path: String) -> Int {
        state.withLock { $0.files[path] }?.contents.withLock { $0.bytes.count } ?? 0
    }

    func truncate(_ path: String, to size: Int) {
        state.withLock { $0.files[path] }?.contents.withLock { contents in
            contents.bytes.removeSubrange(size...)
            contents.durable = contents.bytes
        }
    }

    /// A copy that later changes of this one do not touch.
    func copy() -> SimulatedDisk {
        state.withLock { state in
            let files = state.files.mapValues { node in
                let copy = Node()
                let bytes = node.contents.withLock { $0.bytes }
                copy.contents.withLock { contents in
                    contents.bytes = bytes
                    contents.durable = bytes
                }
                return copy
            }
            return SimulatedDisk(files: files, directories: state.directories)
        }
    }

    fileprivate func check(_ operation: Operation) throws(BlobsError) {
        try state.withLock { state throws(BlobsError) in
            if let left = state.operationsUntilCut {
                if left <= 0 { state.isCut = true }
                state.operationsUntilCut = left - 1
            }
            guard !state.isCut else { throw BlobsError(.unavailable, "the power is gone") }
            if operation == .sync || operation == .syncDirectory { state.syncCount += 1 }
            guard var failure = state.failure, failure.operation == operation else { return }
            failure.countdown -= 1
            state.failure = failure.countdown == 0 ? nil : failure
            guard failure.countdown == 0 else { return }
            throw BlobsError(failure.code, "the simulated disk fails")
        }
    }

    func createDirectory(_ path: String) throws(BlobsError) {
        state.withLock { _ = $0.directories.insert(path) }
    }

    func list(_ directory: String) throws(BlobsError) -> [String] {
        state.withLock { state in
            let prefix = directory + "/"
            let below = (Array(state.files.keys) + Array(state.directories)).filter { $0.hasPrefix(prefix) }
            return Array(
                Set(
                    below.compactMap {
                        $0.dropFirst(prefix.count).split(separator: "/").first.map(String.init)
                    }))
        }
    }

    func create(_ path: String) throws(BlobsError) -> any DiskFile {
        try check(.create)
        let node = try state.withLock { state throws(BlobsError) in
            guard state.files[path] == nil else {
                throw BlobsError(.unavailable, "the file exists", ["path": path])
            }
            let node = Node()
            state.files[path] = node
            return node
        }
        return SimulatedFile(disk: self, node: node)
    }

    func open(_ path: String, isWritable: Bool) throws(BlobsError) -> (any DiskFile)? {
        state.withLock { $0.files[path] }.map { SimulatedFile(disk: self, node: $0) }
    }

    func rename(_ path: String, to target: String) throws(BlobsError) {
        try check(.create)
        state.withLock { state in
            state.files[target] = state.files.removeValue(forKey: path)
        }
    }

    func remove(_ path: String) throws(BlobsError) {
        try check(.create)
        state.withLock { _ = $0.files.removeValue(forKey: path) }
    }

    func syncDirectory(_ path: String) throws(BlobsError) {
        try check(.syncDirectory)
        state.withLock { state in
            let prefix = path + "/"
            func isIn(_ name: String) -> Bool {
                name.hasPrefix(prefix) && !name.dropFirst(prefix.count).contains("/")
            }
            state.durableFiles = state.durableFiles.filter { !isIn($0.key) }
            for (name, node) in state.files where isIn(name) { state.durableFiles[name] = node }
        }
    }
}

private final class SimulatedFile: DiskFile {
    let disk: SimulatedDisk
    let node: SimulatedDisk.Node

    init(disk: SimulatedDisk, node: SimulatedDisk.Node) {
        self.disk = disk
        self.node = node
    }

    func size() throws(BlobsError) -> Int64 { node.contents.withLock { Int64($0.bytes.count) } }

    func read(at offset: Int64, count: Int) throws(BlobsError) -> [UInt8] {
        node.contents.withLock { contents in
            let start = min(Int(offset), contents.bytes.count)
            return Array(contents.bytes[start..<min(start + count, contents.bytes.count)])
        }
    }

    func readCached(at offset: Int64, count: Int) -> [UInt8]? {
        node.contents.withLock { contents in
            let start = Int(offset)
            return start + count <= contents.bytes.count ? Array(contents.bytes[start..<start + count]) : nil
        }
    }

    func startWriting(at offset: Int64, count: Int64) {}

    func write(_ bytes: [UInt8], at offset: Int64) throws(BlobsError) {
        do throws(BlobsError) { try disk.check(.write) } catch {
            // A full disk takes a part before it refuses.
            if error.code == .noSpace { put(Array(bytes.prefix(bytes.count / 2)), at: Int(offset)) }
            throw error
        }
        put(bytes, at: Int(offset))
    }

    private func put(_ bytes: [UInt8], at offset: Int) {
        guard !bytes.isEmpty else { return }
        node.contents.withLock { contents in
            let end = offset + bytes.count
            if contents.bytes.count < end {
                contents.bytes += [UInt8](repeating: 0, count: end - contents.bytes.count)
            }
            contents.bytes.replaceSubrange(offset..<end, with: bytes)
            for page in offset / SimulatedDisk.pageBytes...(end - 1) / SimulatedDisk.pageBytes {
                contents.dirtyPages.insert(page)
            }
        }
    }

    func truncate(to size: Int64) throws(BlobsError) {
        try disk.check(.write)
        node.contents.withLock { contents in
            contents.bytes.removeSubrange(min(Int(size), contents.bytes.count)...)
        }
    }

    func sync() throws(BlobsError) {
        do throws(BlobsError) { try disk.check(.sync) } catch {
            // The kernel calls pages it could not write clean: a later sync does not write them either.
            node.contents.withLock { $0.dirtyPages = [] }
            throw error
        }
        node.contents.withLock { contents in
            contents.durable = contents.bytes
            contents.dirtyPages = []
        }
    }

    func duplicateDescriptor() throws(BlobsError) -> Int32 {
        throw BlobsError(.unavailable, "a simulated file has no descriptor")
    }
}
