package import Kernels
package import Scheduling
package import Streams
import Synchronization

/// What others tell a running pipeline: there is more to read, land everything up to here, stop.
///
/// - Threads: any.
package final class RunnerControl: Sendable {
    /// Why the runner waits before it tries again.
    package struct Retry: Sendable {
        package var reason: String
        /// Faults in a row without a commit between them.
        package var attempts: Int
    }

    private struct Flush {
        var number: Int
        var target: LogOffset
        var continuation: CheckedContinuation<Void, any Error>
    }
    private struct State {
        var flushes: [Flush] = []
        var nextFlush = 0
        var landed = LogOffset.start
        var isStopping = false
        /// Nobody may wait any more: the node stops.
        var isDraining = false
        var failure: (any Error)?
        var retry: Retry?
        var hasEnded = false
        var isRung = false
        var waiter: CheckedContinuation<Void, Never>?
        var enders: [CheckedContinuation<Void, Never>] = []
        /// The first attempt has begun, or met a fault.
        var hasTried = false
        var triers: [CheckedContinuation<Void, Never>] = []
    }

    /// A waiting flush costs a connection and a task; more of them say nothing that these do not.
    package static let flushLimit = 256

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

    /// What the runner waits for before it tries again; nil while all is well.
    package var retry: Retry? { state.withLock { $0.retry } }

    /// Returns when everything before `target` has landed.
    ///
    /// - Errors: what the pipeline fails with; the token's reason when the caller leaves; `tooManyWaiting`, `stopped`.
    package func flush(to target: LogOffset, token: CancellationToken = CancellationToken()) async throws {
        let number = state.withLock { state in
            state.nextFlush += 1
            return state.nextFlush
        }
        let handler = token.onCancel { [self] in
            endFlush(number, with: SchedulingError(.cancelled, "the wait for the pipeline was cancelled"))
        }
        defer { token.removeHandler(handler) }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation {
                (continuation: CheckedContinuation<Void, any Error>) in
                let answer = state.withLock { state -> Result<Void, any Error>? in
                    // Whoever cancels after this look finds the flush in the list.
                    if Task.isCancelled || token.isCancelled { return .failure(CancellationError()) }
                    if let answer = Self.immediateAnswer(state, target) { return answer }
                    state.flushes.append(Flush(number: number, target: target, continuation: continuation))
                    return nil
                }
                if let answer { continuation.resume(with: answer) } else { wake() }
            }
        } onCancel: {
            endFlush(number, with: CancellationError())
        }
    }

    private static func immediateAnswer(_ state: State, _ target: LogOffset) -> Result<Void, any Error>? {
        if let failure = state.failure { return .failure(failure) }
        if state.landed >= target { return .success(()) }
        if state.hasEnded || state.isDraining {
            return .failure(PipelinesError(.stopped, "the pipeline was stopped"))
        }
        guard state.flushes.count < flushLimit else {
            return .failure(
                PipelinesError(
                    .tooManyWaiting, "too many wait for the pipeline to land its events",
                    ["limit": flushLimit]))
        }
        return nil
    }

    private func endFlush(_ number: Int, with error: any Error) {
        let flush = state.withLock { state -> Flush? in
            guard let index = state.flushes.firstIndex(where: { $0.number == number }) else { return nil }
            return state.flushes.remove(at: index)
        }
        flush?.continuation.resume(throwing: error)
    }

    /// Ends every wait for what has not landed, now and later: the node stops and its requests should end.
    package func drain() {
        state.withLock { $0.isDraining = true }
        noteTried()
        endFlushes(with: PipelinesError(.stopped, "the server is stopping"))
    }

    private func endFlushes(with error: any Error) {
        let waiting = state.withLock { state in
            defer { state.flushes = [] }
            return state.flushes
        }
        for flush in waiting { flush.continuation.resume(throwing: error) }
    }

    /// The runner begins, or begins again, at `offset`.
    func noteStarted(at offset: LogOffset) {
        landed(offset, isCommit: false)
        noteTried()
    }

    func noteLanded(_ offset: LogOffset) { landed(offset, isCommit: true) }

    private func landed(_ offset: LogOffset, isCommit: Bool) {
        let done = state.withLock { state in
            state.landed = offset
            if isCommit { state.retry = nil }
            defer { state.flushes.removeAll { $0.target <= offset } }
            return state.flushes.filter { $0.target <= offset }
        }
        for flush in done { flush.continuation.resume() }
    }

    /// The pipeline runs no more, or waits before it tries again: nobody should wait for it in vain.
    func noteFailure(_ error: any Error, reason: String, isFinal: Bool) {
        state.withLock { state in
            if isFinal {
                state.failure = error
                state.retry = nil
            } else {
                state.retry = Retry(reason: reason, attempts: (state.retry?.attempts ?? 0) + 1)
            }
        }
        noteTried()
        endFlushes(with: error)
    }

    /// The pipeline's task is over; nothing more is committed.
    func noteEnded() {
        let waiting = state.withLock { state in
            state.hasEnded = true
            defer { state.enders = [] }
            return state.enders
        }
        for ender in waiting { ender.resume() }
        noteTried()
        endFlushes(with: PipelinesError(.stopped, "the pipeline was stopped"))
    }

    private func noteTried() {
        let waiting = state.withLock { state in
            state.hasTried = true
            defer { state.triers = [] }
            return state.triers
        }
        for trier in waiting { trier.resume() }
    }

    /// Returns when the pipeline works, or when it is known why it does not: from then on its status tells.
    func waitUntilTried() async {
        await withCheckedContinuation { continuation in
            let hasTried = state.withLock { state in
                if !state.hasTried { state.triers.append(continuation) }
                return state.hasTried
            }
            if hasTried { continuation.resume() }
        }
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
        await Self.wait(for: [self], atMostNanoseconds: nanoseconds)
    }

    /// The same for whoever runs several together: when one of them rings, all should be looked at.
    static func wait(for controls: [RunnerControl], atMostNanoseconds nanoseconds: Int64?) async {
        await withTaskGroup(of: Void.self) { group in
            for control in controls { group.addTask { await control.waitForBell() } }
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

/// Ends what is computed for a runner that stops; `ExpressionMemory` counts what it makes.
extension RunnerControl: KernelSupervisor {
    package var isStopped: Bool { isStopping }

    package func makeHold() -> (any KernelHold)? { nil }
}
