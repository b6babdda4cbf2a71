package import Faults
import Synchronization

/// Carries "stop" from whoever asked for work to everything that does it.
///
/// One token runs from the socket through planning, reads and operators. Work calls `check()` once a batch or a
/// request; a handler runs at most once, at once when the token is already cancelled.
package final class CancellationToken: Sendable {
    private struct State {
        var reason: SchedulingError?
        var handlers: [Int: @Sendable () -> Void] = [:]
        var nextHandler = 0
    }
    private let isDone = Atomic<Bool>(false)
    private let state = Mutex(State())

    package init() {}

    package var isCancelled: Bool { isDone.load(ordering: .acquiring) }

    /// What was given to `cancel`; nil before.
    package var reason: SchedulingError? { isCancelled ? state.withLock { $0.reason } : nil }

    /// Later calls change nothing: the first reason stays.
    package func cancel(_ reason: SchedulingError = SchedulingError(.cancelled, "the work was cancelled")) {
        let handlers = state.withLock { state -> [@Sendable () -> Void] in
            guard state.reason == nil else { return [] }
            state.reason = reason
            isDone.store(true, ordering: .releasing)
            defer { state.handlers = [:] }
            return Array(state.handlers.values)
        }
        for handler in handlers { handler() }
    }

    /// - Errors: the reason given to `cancel`.
    package func check() throws(SchedulingError) {
        if let reason { throw reason }
    }

    /// Runs `handler` when the token is cancelled. Keep the answer for `removeHandler`.
    package func onCancel(_ handler: @escaping @Sendable () -> Void) -> Int? {
        let number = state.withLock { state -> Int? in
            guard state.reason == nil else { return nil }
            state.nextHandler += 1
            state.handlers[state.nextHandler] = handler
            return state.nextHandler
        }
        if number == nil { handler() }
        return number
    }

    package func removeHandler(_ number: Int?) {
        guard let number else { return }
        state.withLock { _ = $0.handlers.removeValue(forKey: number) }
    }
}

/// Why work was not started or not finished.
package struct SchedulingError: Fault {
    package enum Code: String, FaultCode {
        /// The caller gave up.
        case cancelled = "SCH-101"
        /// The work ran past its deadline.
        case deadlineExceeded = "SCH-102"
        /// A queue is at its bound.
        case queueFull = "SCH-201"
        /// The memory ledger refused a reservation.
        case memoryExhausted = "SCH-202"
        /// The pool no longer takes work.
        case stopped = "SCH-301"

        package var kind: FaultKind {
            switch self {
            case .cancelled, .deadlineExceeded: .cancelled
            case .queueFull, .memoryExhausted: .exhausted
            case .stopped: .unavailable
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]

    package init(_ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:]) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
    }
}
