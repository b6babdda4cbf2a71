import Synchronization

/// Keeps what was used last, up to a total cost.
///
/// - Threads: any. Two callers that miss at once both load; the last insert stays.
package final class RecentCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        var value: Value
        var cost: Int
        var lastUse: UInt64
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var cost = 0
        var clock: UInt64 = 0
    }

    private let limit: Int
    private let state = Mutex(State())

    /// `limit` is in the unit of the costs given to `insert`.
    package init(limit: Int) {
        precondition(limit >= 0)
        self.limit = limit
    }

    package func find(_ key: Key) -> Value? {
        state.withLock { state in
            guard let entry = state.entries[key] else { return nil }
            state.clock += 1
            state.entries[key]?.lastUse = state.clock
            return entry.value
        }
    }

    /// What costs more than a quarter of the limit is not kept: it would push out everything else.
    package func insert(_ value: Value, for key: Key, cost: Int) {
        guard cost <= limit / 4 else { return }
        state.withLock { state in
            state.clock += 1
            if let old = state.entries.updateValue(
                Entry(value: value, cost: cost, lastUse: state.clock), forKey: key)
            {
                state.cost -= old.cost
            }
            state.cost += cost
            if state.cost > limit { Self.evict(&state, to: limit - limit / 4) }
        }
    }

    /// Evicts a good part at once, so that the sort is paid once for many inserts.
    private static func evict(_ state: inout State, to target: Int) {
        for (key, entry) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
            if state.cost <= target { return }
            state.entries[key] = nil
            state.cost -= entry.cost
        }
    }

    package var totalCost: Int { state.withLock { $0.cost } }
    package var count: Int { state.withLock { $0.entries.count } }
}
