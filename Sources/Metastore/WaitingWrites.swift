import Synchronization

/// A write somebody asked for.
struct WaitingWrite: Sendable {
    let number: UInt64
    let run: @Sendable (Transaction) throws -> Void
    /// Called once, with nil when the write is durable.
    let finish: @Sendable ((any Error)?) -> Void
}

/// Writes in the order they were asked for, until the writer takes them.
final class WaitingWrites: Sendable {
    private struct State {
        var waiting: [WaitingWrite] = []
        var last: UInt64 = 0
    }
    private let state = Mutex(State())

    func add(
        _ run: @escaping @Sendable (Transaction) throws -> Void,
        finish: @escaping @Sendable ((any Error)?) -> Void
    ) -> UInt64 {
        state.withLock { state in
            state.last += 1
            state.waiting.append(WaitingWrite(number: state.last, run: run, finish: finish))
            return state.last
        }
    }

    func take(_ count: Int) -> [WaitingWrite] {
        state.withLock { state in
            let taken = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(taken.count)
            return taken
        }
    }

    /// Nil when the writer has it already.
    func remove(_ number: UInt64) -> WaitingWrite? {
        state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.number == number }) else { return nil }
            return state.waiting.remove(at: index)
        }
    }
}

/// Carries a value out of a closure that another thread runs.
final class Outlet<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)

    func put(_ new: Value) { value.withLock { $0 = new } }

    func take() -> Value {
        guard let value = value.withLock({ $0 }) else {
            preconditionFailure("a write ended without a result")
        }
        return value
    }
}
