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
    }

    private let state = Mutex(State())
    private let bell: AsyncStream<Void>
    private let ring: AsyncStream<Void>.Continuation

    package init() {
        (bell, ring) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    package func wake() { ring.yield() }

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
                if state.landed >= target { return .success(()) }
                state.flushes.append(Flush(target: target, continuation: continuation))
                return nil
            }
            if let answer { continuation.resume(with: answer) }
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

    /// Returns when somebody rang, or after `nanoseconds`.
    func wait(atMostNanoseconds nanoseconds: Int64?) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [bell] in for await _ in bell { return } }
            if let nanoseconds {
                group.addTask {
                    // Only a cancelled sleep throws, and then there is nothing to wait for.
                    do { try await Task.sleep(nanoseconds: UInt64(max(0, nanoseconds))) } catch {}
                }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
