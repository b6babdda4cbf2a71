import Scheduling
import Synchronization

/// Work on the latest block of a stage, done on I/O threads while its writer brings the next.
///
///     append ─▶ block 1 ──────────┐ hash, write
///     append ─▶ block 2 · waits ──┘▶ …
///
/// - Threads: one caller at a time. One block is at work; whoever brings another waits for it, so that two are held.
final class StageWork: Sendable {
    private struct State {
        var running = 0
        var failure: (any Error)?
        var waiter: CheckedContinuation<Void, Never>?
    }
    private let state = Mutex(State())
    private let pool: IOPool

    init(pool: IOPool) { self.pool = pool }

    /// Starts all jobs side by side, when those before are done.
    ///
    /// - Errors: what a job before failed with; then none of these is started.
    func start(_ jobs: [@Sendable () throws -> Void]) async throws {
        try await finish()
        state.withLock { $0.running = jobs.count }
        for job in jobs {
            pool.submit { [self] in
                ended(Result { try job() })
            } refused: {
                ended(.failure($0))
            }
        }
    }

    /// Waits for what was started. - Errors: the first failure, each time.
    func finish() async throws {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isIdle = state.withLock { state in
                precondition(state.waiter == nil, "a stage has one writer at a time")
                if state.running > 0 { state.waiter = continuation }
                return state.running == 0
            }
            if isIdle { continuation.resume() }
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    private func ended(_ outcome: Result<Void, any Error>) {
        let waiter = state.withLock { state in
            state.running -= 1
            if case .failure(let error) = outcome, state.failure == nil { state.failure = error }
            return state.running == 0 ? state.waiter.take() : nil
        }
        waiter?.resume()
    }
}
