package import Streams
import Synchronization

/// What others tell a running pipeline: there is more to read, land everything up to here, stop.
package final class RunnerControl: Sendable {
    private struct Flush {
        var target: LogOffset
        var continuation: CheckedContinuation<Void, any Error>
    }
    private struct State {
        var flushes: [Flush] = []
        var landed = LogOffset.start
        var isStopping = false
        var failure: (any Error)?
        var hasEnded = false
        var isRung = false
        var waiter: CheckedContinuation<Void, Never>?
        var enders: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Ends the runner's wait, or the next one if it does not wait now.
    package func wake() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let waiter = state.waiter else {
                state.isRung = true
                return nil
            }
            state.waiter = nil
            return waiter
        }
        waiter?.resume()
    }

    package func stop() {
        state.withLock { $0.isStopping = true }
        wake()
    }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    /// The furthest place somebody waits for; nil when nobody waits.
    var flushTarget: LogOffset? { state.withLock { $0.flushes.map(\.target).max() } }

    /// Returns when everything before `target` has landed.
    ///
    /// - Errors: what the pipeline fails with.
    package func flush(to target: LogOffset) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let answer = state.withLock { state -> Result<Void, any Error>? in
                if let failure = state.failure { return .failure(failure) }
                if state.hasEnded { return .failure(PipelinesError(.stopped, "the pipeline was stopped")) }
                if state.landed >= target { return .success(()) }
                state.flushes.append(Flush(target: target, continuation: continuation))
                return nil
            }
            if let answer { continuation.resume(with: answer) } else { wake() }
        }
    }

    func noteLanded(_ offset: LogOffset) {
        let done = state.withLock { state in
            state.landed = offset
            defer { state.flushes.removeAll { $0.target <= offset } }
            return state.flushes.filter { $0.target <= offset }
        }
        for flush in done { flush.continuation.resume() }
    }

    /// The pipeline runs no more, or waits before it tries again: nobody should wait for it in vain.
    func noteFailure(_ error: any Error, isFinal: Bool) {
        let waiting = state.withLock { state in
            if isFinal { state.failure = error }
            defer { state.flushes = [] }
            return state.flushes
        }
        for flush in waiting { flush.continuation.resume(throwing: error) }
    }

    /// The pipeline's task is over; nothing more is committed.
    func noteEnded() {
        let waiting = state.withLock { state in
            state.hasEnded = true
            defer { state.enders = [] }
            return state.enders
        }
        for ender in waiting { ender.resume() }
        noteFailure(PipelinesError(.stopped, "the pipeline was stopped"), isFinal: false)
    }

    package func waitUntilEnded() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.enders.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }

    /// Waits before a new attempt; a stop ends it early, more events do not.
    func pause(nanoseconds: Int64) async {
        let step: Int64 = 100_000_000
        var left = nanoseconds
        while left > 0, !isStopping {
            // Only a cancelled sleep throws, and then the pipeline is stopping.
            do { try await Task.sleep(nanoseconds: UInt64(min(step, left))) } catch { return }
            left -= step
        }
    }

    /// Returns when somebody rang since the last wait, or after `nanoseconds`.
    func wait(atMostNanoseconds nanoseconds: Int64?) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.waitForBell() }
            if let nanoseconds {
                group.addTask {
                    // Only a cancelled sleep throws, and then the bell has rung.
                    do { try await Task.sleep(nanoseconds: UInt64(max(0, nanoseconds))) } catch {}
                }
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func waitForBell() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    precondition(state.waiter == nil, "a pipeline has one runner")
                    if state.isRung || Task.isCancelled {
                        state.isRung = false
                        return true
                    }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiter.take() }?.resume()
        }
    }
}
