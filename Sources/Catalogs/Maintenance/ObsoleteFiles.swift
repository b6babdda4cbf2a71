import Blobs
import Synchronization
import Telemetry

/// Files that commits let go of, deleted after those were answered.
///
///     commit ──add──► waiting ──take──► being deleted ──forget──►
///
/// Only in memory: after a crash they are orphans that a check of their table lists. Until one is gone nobody may be given
/// it, though it is still there.
final class ObsoleteFiles: Sendable {
    private struct State {
        var waiting: [BlobPath] = []
        /// Those and the ones that are being deleted.
        var doomed: Set<BlobPath> = []
        /// Wakes whoever deletes them; nil while nobody does.
        var wake: AsyncStream<Void>.Continuation?
    }
    private let state = Mutex(State())
    private let limit: Int
    private let count: Gauge

    init(limit: Int, count: Gauge) {
        self.limit = limit
        self.count = count
    }

    /// False where the caller has to delete them: nobody else does, or too many wait.
    func add(_ paths: [BlobPath]) -> Bool {
        let wake = state.withLock { state -> AsyncStream<Void>.Continuation? in
            guard let wake = state.wake, state.doomed.count + paths.count <= limit else { return nil }
            state.waiting += paths
            state.doomed.formUnion(paths)
            count.set(Int64(state.doomed.count))
            return wake
        }
        wake?.yield()
        return wake != nil
    }

    func has(_ path: BlobPath) -> Bool { state.withLock { $0.doomed.contains(path) } }

    /// Files are taken on from now until `close`. Each element means that some may wait.
    func open() -> AsyncStream<Void> {
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        state.withLock { $0.wake = wake }
        return wakes
    }

    func close() { state.withLock { $0.wake = nil } }

    /// All that wait; `forget` them when they are gone.
    func take() -> [BlobPath] {
        state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    func forget(_ paths: [BlobPath]) {
        state.withLock { state in
            state.doomed.subtract(paths)
            count.set(Int64(state.doomed.count))
        }
    }
}
