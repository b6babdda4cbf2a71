package import Effects
package import Faults
import Synchronization

/// Carries "stop" from whoever asked for work to everything that does it.
///
/// One token runs from the socket through planning, reads and operators. Work calls `check()` once a batch or a
/// request; a handler runs at most once, at once when the token is already cancelled.
///
/// A deadline cancels it too, as soon as somebody looks: no timer runs.
package final class CancellationToken: Sendable {
    private struct State {
        var reason: SchedulingError?
        var handlers: [Int: @Sendable () -> Void] = [:]
        var nextHandler = 0
        var clock: (any Clock)?
    }
    private let isDone = Atomic<Bool>(false)
    /// On the state's clock; `.max` for none.
    private let deadlineNanoseconds = Atomic<Int64>(.max)
    private let state = Mutex(State())

    package init() {}

    package var isCancelled: Bool {
        if isDone.load(ordering: .acquiring) { return true }
        let deadline = deadlineNanoseconds.load(ordering: .acquiring)
        guard deadline < .max, let clock = state.withLock({ $0.clock }), clock.monotonicNanoseconds > deadline
        else { return false }
        cancel(SchedulingError(.deadlineExceeded, "the work ran past its deadline"))
        return true
    }

    /// The work is given up when `clock` is past this; an earlier deadline stays.
    package func giveUp(atNanoseconds nanoseconds: Int64, on clock: any Clock) {
        state.withLock { state in
            guard nanoseconds < deadlineNanoseconds.load(ordering: .relaxed) else { return }
            state.clock = clock
            deadlineNanoseconds.store(nanoseconds, ordering: .releasing)
        }
    }

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
        /// The server stops and ended what still ran. Send it again to one that runs.
        case shuttingDown = "SCH-302"

        package var kind: FaultKind {
            switch self {
            case .cancelled, .deadlineExceeded: .cancelled
            case .queueFull, .memoryExhausted: .exhausted
            case .stopped, .shuttingDown: .unavailable
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let hint: String?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        hint: String? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.hint = hint
    }

    private init(_ error: SchedulingError, context: [(name: String, value: String)]) {
        code = error.code
        summary = error.summary
        self.context = context
        hint = error.hint
    }

    /// The same with one more value: what the work was about, which those who refuse it do not know.
    package func about(_ name: String, _ value: String) -> SchedulingError {
        SchedulingError(self, context: context + [(name, value)])
    }
}
