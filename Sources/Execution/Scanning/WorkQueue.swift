import Synchronization

/// Hands out work units while the files they come from are still being found and opened.
///
/// Several tasks ask at once. One at a time looks for the next file; those that find nothing to do wait until a file
/// was opened. Nil means that nothing is left and nobody is looking.
///
/// - Order: units of one file stay together and in order; files come as their footers arrive.
final class WorkQueue<File: Sendable, Unit: Sendable>: Sendable {
    private struct State {
        var units: [Unit] = []
        var head = 0
        var isLooking = false
        var isAllFound = false
        var opening = 0
        var failure: (any Error)?
        var waiters: [CheckedContinuation<Void, Never>] = []

        /// Whether a task that was about to wait should look again instead.
        var canMove: Bool {
            failure != nil || head < units.count || (!isLooking && !isAllFound)
                || (!isLooking && opening == 0)
        }
    }
    private enum Step {
        case take(Unit)
        case look
        case wait
        case end
        case fail(any Error)
    }
    private let state = Mutex(State())
    private let nextFile: @Sendable () async throws -> File?

    init(nextFile: @escaping @Sendable () async throws -> File?) { self.nextFile = nextFile }

    /// `open` is the caller's own, and is not kept: kept, it would hold the caller that holds the queue.
    func next(opening open: @Sendable (File) async throws -> [Unit]) async throws -> Unit? {
        while true {
            switch step() {
            case .take(let unit): return unit
            case .end: return nil
            case .fail(let error): throw error
            case .look: try await look(open)
            case .wait:
                await withCheckedContinuation { continuation in
                    let isLate = state.withLock { state in
                        if state.canMove { return true }
                        state.waiters.append(continuation)
                        return false
                    }
                    if isLate { continuation.resume() }
                }
            }
        }
    }

    private func step() -> Step {
        state.withLock { state in
            if let failure = state.failure { return .fail(failure) }
            if state.head < state.units.count {
                state.head += 1
                return .take(state.units[state.head - 1])
            }
            if !state.isLooking, !state.isAllFound {
                state.isLooking = true
                return .look
            }
            return state.isLooking || state.opening > 0 ? .wait : .end
        }
    }

    private func look(_ open: @Sendable (File) async throws -> [Unit]) async throws {
        do {
            let file = try await nextFile()
            change { state in
                state.isLooking = false
                if file == nil { state.isAllFound = true } else { state.opening += 1 }
            }
            guard let file else { return }
            let units = try await open(file)
            change { state in
                state.units.removeFirst(state.head)
                state.head = 0
                state.units += units
                state.opening -= 1
            }
        } catch {
            change { $0.failure = error }
            throw error
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let waiters = state.withLock { state in
            body(&state)
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
