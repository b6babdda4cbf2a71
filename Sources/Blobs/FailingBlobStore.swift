import Effects
import Synchronization

/// What a failing store can refuse.
package enum BlobOperation: String, Sendable, CaseIterable {
    case head, open, read, put, startUpload, append, complete, seal, publish, discard, delete, list
}

/// Passes calls on to another store, but lets some of them fail: by a seeded draw, or by order.
///
/// A call fails before its effect or after it; the caller cannot tell which, as with a real store whose answer is
/// lost. For tests.
package final class FailingBlobStore: BlobStore {
    private struct State {
        var generator: SeededGenerator
        var ordered: [BlobOperation: [Bool]] = [:]
        var failureCount = 0
    }

    /// When a failure strikes.
    fileprivate enum Verdict {
        case pass, failBefore, failAfter
    }

    private let inner: any BlobStore
    private let perMille: Int
    private let operations: Set<BlobOperation>
    private let state: Mutex<State>

    /// Of each thousand calls of `operations`, about `perMille` fail.
    package init(
        _ inner: any BlobStore, seed: UInt64 = 0, perMille: Int = 0,
        operations: Set<BlobOperation> = Set(BlobOperation.allCases)
    ) {
        self.inner = inner
        self.perMille = perMille
        self.operations = operations
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
    }

    /// The next `count` calls of `operation` fail; with `afterEffect` the change happens all the same.
    package func failNext(_ operation: BlobOperation, count: Int = 1, afterEffect: Bool = false) {
        state.withLock { $0.ordered[operation, default: []] += Array(repeating: afterEffect, count: count) }
    }

    /// From now on nothing fails by order.
    package func forgetOrders() { state.withLock { $0.ordered = [:] } }

    /// How many calls have failed.
    package var failureCount: Int { state.withLock { $0.failureCount } }

    package func head(_ path: BlobPath) async throws -> BlobInfo {
        try await attempt(.head, path) { try await inner.head(path) }
    }

    package func open(_ path: BlobPath) async throws -> any BlobReader {
        try await attempt(.open, path) {
            FailingBlobReader(store: self, path: path, inner: try await inner.open(path))
        }
    }

    package func put(
        _ path: BlobPath, _ bytes: [UInt8], if condition: PutCondition
    ) async throws -> BlobInfo {
        try await attempt(.put, path) { try await inner.put(path, bytes, if: condition) }
    }

    package func startUpload(_ path: BlobPath) async throws -> any BlobUpload {
        try await attempt(.startUpload, path) {
            FailingBlobUpload(store: self, path: path, inner: try await inner.startUpload(path))
        }
    }

    package func publish(_ sealed: SealedBlob) async throws -> BlobInfo {
        try await attempt(.publish, sealed.path) { try await inner.publish(sealed) }
    }

    package func discard(_ sealed: SealedBlob) async throws {
        try await attempt(.discard, sealed.path) { try await inner.discard(sealed) }
    }

    package func discardSealed(except receipts: Set<String>) async throws {
        try await attempt(.discard, nil) { try await inner.discardSealed(except: receipts) }
    }

    package func delete(_ paths: [BlobPath]) async throws {
        try await attempt(.delete, paths.first) { try await inner.delete(paths) }
    }

    package func list(
        bucket: String, prefix: String, after: String?, limit: Int
    ) async throws -> BlobListing {
        try await attempt(.list, BlobPath(bucket: bucket, key: prefix)) {
            try await inner.list(bucket: bucket, prefix: prefix, after: after, limit: limit)
        }
    }

    fileprivate func attempt<Result>(
        _ operation: BlobOperation, _ path: BlobPath?, _ body: () async throws -> Result
    ) async throws -> Result {
        let verdict = verdict(operation)
        let fault = BlobsError(
            .unavailable, "the store does not answer",
            ["operation": operation.rawValue, "path": path?.uri ?? ""])
        if verdict == .failBefore { throw fault }
        let result = try await body()
        if verdict == .failAfter { throw fault }
        return result
    }

    private func verdict(_ operation: BlobOperation) -> Verdict {
        state.withLock { state in
            if var ordered = state.ordered[operation], !ordered.isEmpty {
                let isAfter = ordered.removeFirst()
                state.ordered[operation] = ordered
                state.failureCount += 1
                return isAfter ? .failAfter : .failBefore
            }
            guard operations.contains(operation), Int(state.generator.next() % 1000) < perMille else {
                return .pass
            }
            state.failureCount += 1
            return state.generator.next() & 1 == 0 ? .failBefore : .failAfter
        }
    }
}

private struct FailingBlobReader: BlobReader {
    let store: FailingBlobStore
    let path: BlobPath
    let inner: any BlobReader
    var info: BlobInfo { inner.info }

    func read(_ ranges: [Range<Int64>]) async throws -> [[UInt8]] {
        try await store.attempt(.read, path) { try await inner.read(ranges) }
    }
}

private struct FailingBlobUpload: BlobUpload {
    let store: FailingBlobStore
    let path: BlobPath
    let inner: any BlobUpload

    func append(_ bytes: [UInt8]) async throws {
        try await store.attempt(.append, path) { try await inner.append(bytes) }
    }

    func complete(if condition: PutCondition) async throws -> BlobInfo {
        try await store.attempt(.complete, path) { try await inner.complete(if: condition) }
    }

    func seal() async throws -> SealedBlob {
        try await store.attempt(.seal, path) { try await inner.seal() }
    }

    func abort() async { await inner.abort() }
}
