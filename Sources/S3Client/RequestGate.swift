import Blobs
import Synchronization

/// Lets so many calls through at once; the others wait their turn, and too many are refused.
///
/// - Order: first come, first served. A cancelled task stops waiting.
final class RequestGate: Sendable {
    private struct Waiter {
        var id: UInt64
        var continuation: CheckedContinuation<Void, any Error>
    }
    private struct State {
        var free: Int
        var waiters: [Waiter] = []
        var nextID: UInt64 = 0
        /// Cancelled before they began to wait.
        var gone: Set<UInt64> = []
    }

    private let waitingLimit: Int
    private let state: Mutex<State>

    init(open: Int, waitingLimit: Int) {
        precondition(open > 0)
        self.waitingLimit = waitingLimit
        state = Mutex(State(free: open))
    }

    /// - Errors: `BLB-302` when too many wait; `CancellationError`.
    func run<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        try await enter()
        defer { leave() }
        return try await body()
    }

    private func enter() async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        // A cancellation that came too late left a note.
        defer { _ = state.withLock { $0.gone.remove(id) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome = state.withLock { state -> Result<Void, any Error>? in
                    if state.gone.remove(id) != nil { return .failure(CancellationError()) }
                    if state.free > 0 {
                        state.free -= 1
                        return .success(())
                    }
                    guard state.waiters.count < waitingLimit else {
                        return .failure(
                            BlobsError(
                                .unavailable, "too many requests wait for the store",
                                ["limit": waitingLimit]))
                    }
                    state.waiters.append(Waiter(id: id, continuation: continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func cancel(_ id: UInt64) {
        let waiter = state.withLock { state -> Waiter? in
            if let index = state.waiters.firstIndex(where: { $0.id == id }) {
                return state.waiters.remove(at: index)
            }
            state.gone.insert(id)
            return nil
        }
        waiter?.continuation.resume(throwing: CancellationError())
    }

    private func leave() {
        let next = state.withLock { state -> Waiter? in
            if state.waiters.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiters.removeFirst()
        }
        next?.continuation.resume()
    }
}
