import Synchronization

/// Counts the probing morsels that are not yet done: who settles the right side waits for them.
///
/// - Threads: any.
final class JoinProbes: Sendable {
    private struct State {
        var open = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())

    /// One morsel; it is done when it says so, or when nobody has it any more.
    final class Ticket: Sendable {
        private let probes: JoinProbes
        private let isDone = Atomic<Bool>(false)

        fileprivate init(_ probes: JoinProbes) { self.probes = probes }
        deinit { done() }

        func done() {
            if !isDone.exchange(true, ordering: .acquiringAndReleasing) { probes.close() }
        }
    }

    func begin() -> Ticket {
        state.withLock { $0.open += 1 }
        return Ticket(self)
    }

    private func close() {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.open -= 1
            guard state.open == 0 else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Returns when none is open.
    func allDone() async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.open == 0 { return true }
                state.waiters.append(continuation)
                return false
            }
            if isDone { continuation.resume() }
        }
    }
}
