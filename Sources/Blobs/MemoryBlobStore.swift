package import Effects
import Synchronization

/// An object store in memory: for tests, and for what need not outlive the process.
package final class MemoryBlobStore: BlobStore {
    fileprivate struct Entry: Sendable {
        var info: BlobInfo
        var bytes: [UInt8]
        /// Of the sealed object it was.
        var mark: String?
    }

    private struct State {
        var buckets: [String: SortedKeys<Entry>] = [:]
        /// By receipt.
        var sealed: [String: [UInt8]] = [:]
        var versionCount = 0
    }

    private let clock: any Clock
    private let makesBuckets: Bool
    private let state: Mutex<State>

    /// With nil for `buckets` every bucket exists; else only these.
    package init(clock: any Clock = LiveClock(), buckets: [String]? = nil) {
        self.clock = clock
        makesBuckets = buckets == nil
        var state = State()
        for bucket in buckets ?? [] { state.buckets[bucket] = SortedKeys() }
        self.state = Mutex(state)
    }

    package func head(_ path: BlobPath) async throws -> BlobInfo { try find(path).info }

    package func open(_ path: BlobPath) async throws -> any BlobReader {
        let entry = try find(path)
        return MemoryBlobReader(path: path, info: entry.info, bytes: entry.bytes)
    }

    package func put(
        _ path: BlobPath, _ bytes: [UInt8], if condition: PutCondition
    ) async throws -> BlobInfo {
        let key = try ObjectKey(checking: path.key)
        let now = clock.now
        return try state.withLock { state throws(BlobsError) in
            try condition.check(bucket(path.bucket, in: state)[key]?.info.etag, path)
            state.versionCount += 1
            let info = BlobInfo(size: Int64(bytes.count), etag: "memory-\(state.versionCount)", modified: now)
            state.buckets[path.bucket, default: SortedKeys()][key] = Entry(info: info, bytes: bytes)
            return info
        }
    }

    package func startUpload(_ path: BlobPath) async throws -> any BlobUpload {
        _ = try ObjectKey(checking: path.key)
        _ = try state.withLock { state throws(BlobsError) in try bucket(path.bucket, in: state) }
        return MemoryBlobUpload(store: self, path: path)
    }

    fileprivate func seal(_ path: BlobPath, _ bytes: [UInt8]) -> SealedBlob {
        state.withLock { state in
            state.versionCount += 1
            let name = "sealed-\(state.versionCount)"
            state.sealed[name] = bytes
            return SealedBlob(path: path, size: Int64(bytes.count), mark: name, receipt: name)
        }
    }

    /// Sealed and neither published nor let go.
    package var sealedCount: Int { state.withLock { $0.sealed.count } }

    package func publish(_ sealed: SealedBlob) async throws -> BlobInfo {
        let path = sealed.path
        let key = ObjectKey(path.key)
        let now = clock.now
        return try state.withLock { state throws(BlobsError) in
            let present = try bucket(path.bucket, in: state)[key]
            guard let bytes = state.sealed[sealed.receipt] else {
                guard let present, present.mark == sealed.mark else { throw sealed.gone }
                return present.info
            }
            try PutCondition.ifAbsent.check(present?.info.etag, path)
            let info = BlobInfo(size: sealed.size, etag: sealed.mark, modified: now)
            state.buckets[path.bucket, default: SortedKeys()][key] = Entry(
                info: info, bytes: bytes, mark: sealed.mark)
            state.sealed[sealed.receipt] = nil
            return info
        }
    }

    package func discard(_ sealed: SealedBlob) async throws {
        state.withLock { $0.sealed[sealed.receipt] = nil }
    }

    package func discardSealed(except receipts: Set<String>) async throws {
        state.withLock { state in state.sealed = state.sealed.filter { receipts.contains($0.key) } }
    }

    package func delete(_ paths: [BlobPath]) async throws {
        try state.withLock { state throws(BlobsError) in
            for path in paths {
                _ = try bucket(path.bucket, in: state)
                state.buckets[path.bucket]?[ObjectKey(path.key)] = nil
            }
        }
    }

    package func list(
        bucket name: String, prefix: String, after: String?, limit: Int
    ) async throws -> BlobListing {
        let keys = try state.withLock { state throws(BlobsError) in try bucket(name, in: state) }
        let listing = keys.list(prefix: ObjectKey(prefix), after: after.map { ObjectKey($0) }, limit: limit)
        return BlobListing(listing) { $0.info }
    }

    private func find(_ path: BlobPath) throws(BlobsError) -> Entry {
        let keys = try state.withLock { state throws(BlobsError) in try bucket(path.bucket, in: state) }
        guard let entry = keys[ObjectKey(path.key)] else {
            throw BlobsError(.notFound, "no such object", ["path": path])
        }
        return entry
    }

    private func bucket(_ name: String, in state: borrowing State) throws(BlobsError) -> SortedKeys<Entry> {
        if let keys = state.buckets[name] { return keys }
        guard makesBuckets else { throw BlobsError(.bucketNotFound, "no such bucket", ["bucket": name]) }
        return SortedKeys()
    }
}

/// One version of an object in memory.
private struct MemoryBlobReader: BlobReader {
    let path: BlobPath
    let info: BlobInfo
    let bytes: [UInt8]

    func read(_ ranges: [Range<Int64>]) async throws -> [[UInt8]] {
        try info.check(ranges, of: path)
        return ranges.map { Array(bytes[Int($0.lowerBound)..<Int($0.upperBound)]) }
    }
}

/// Gathers the bytes until they are put.
private final class MemoryBlobUpload: BlobUpload {
    private let store: MemoryBlobStore
    private let path: BlobPath
    private let bytes = Mutex<[UInt8]>([])

    init(store: MemoryBlobStore, path: BlobPath) {
        self.store = store
        self.path = path
    }

    func append(_ more: [UInt8]) async throws { bytes.withLock { $0 += more } }

    func complete(if condition: PutCondition) async throws -> BlobInfo {
        try await store.put(path, bytes.withLock { $0 }, if: condition)
    }

    func seal() async throws -> SealedBlob { store.seal(path, bytes.withLock { $0 }) }

    func abort() async { bytes.withLock { $0 = [] } }
}

extension BlobListing {
    /// A page without delimiter.
    package init<Value>(_ listing: KeyListing<Value>, info: (Value) -> BlobInfo) {
        let entries = listing.items.compactMap { item -> (key: String, info: BlobInfo)? in
            guard case .key(let key, let value) = item else { return nil }
            return (key.text, info(value))
        }
        self.init(entries: entries, next: listing.isTruncated ? entries.last?.key : nil)
    }
}

extension PutCondition {
    /// - Errors: `BLB-103` when the condition does not hold for the object that is there (nil: none is).
    package func check(_ etag: String?, _ path: BlobPath) throws(BlobsError) {
        switch self {
        case .always: return
        case .ifAbsent:
            guard etag == nil else { throw BlobsError(.conditionFailed, "the object exists", ["path": path]) }
        case .ifMatch(let wanted):
            guard let etag else { throw BlobsError(.notFound, "no such object", ["path": path]) }
            guard wanted == "*" || etag == wanted else {
                throw BlobsError(
                    .conditionFailed, "the object has another etag",
                    ["path": path, "etag": etag, "wanted": wanted])
            }
        }
    }
}

extension BlobInfo {
    /// - Errors: `BLB-104` unless every range lies inside the object.
    package func check(_ ranges: [Range<Int64>], of path: BlobPath) throws(BlobsError) {
        for range in ranges where range.lowerBound < 0 || range.upperBound > size {
            throw BlobsError(
                .rangeInvalid, "the range reaches outside the object",
                ["path": path, "range": "\(range)", "size": size])
        }
    }
}
