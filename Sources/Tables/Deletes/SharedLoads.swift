import Synchronization

/// Loads each value once for all who ask for it, also at the same time; a failure is everybody's, and is not kept.
///
/// - Threads: any.
final class SharedLoads<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private enum Entry {
        case loading([CheckedContinuation<Value, any Error>])
        case there(Value)
    }
    private enum Step {
        case take(Value)
        case load
        case wait
    }
    private let entries = Mutex<[Key: Entry]>([:])

    func value(_ key: Key, load: () async throws -> Value) async throws -> Value {
        let step = entries.withLock { entries -> Step in
            switch entries[key] {
            case .there(let value): return .take(value)
            case .loading: return .wait
            case nil:
                entries[key] = .loading([])
                return .load
            }
        }
        switch step {
        case .take(let value): return value
        case .wait: return try await wait(for: key)
        case .load:
            do {
                let value = try await load()
                finish(key, .success(value))
                return value
            } catch {
                finish(key, .failure(error))
                throw error
            }
        }
    }

    /// Waits for the load that runs. One that failed meanwhile leaves nothing to wait for.
    private func wait(for key: Key) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let known = entries.withLock { entries -> Result<Value, any Error>? in
                switch entries[key] {
                case .there(let value): return .success(value)
                case .loading(let waiters):
                    entries[key] = .loading(waiters + [continuation])
                    return nil
                case nil:
                    return .failure(
                        TablesError(.deletesUnreadable, "the deletes of a data file could not be loaded"))
                }
            }
            if let known { continuation.resume(with: known) }
        }
    }

    private func finish(_ key: Key, _ result: Result<Value, any Error>) {
        let waiters = entries.withLock { entries -> [CheckedContinuation<Value, any Error>] in
            guard case .loading(let waiters)? = entries[key] else { return [] }
            if case .success(let value) = result { entries[key] = .there(value) } else { entries[key] = nil }
            return waiters
        }
        for waiter in waiters { waiter.resume(with: result) }
    }
}
