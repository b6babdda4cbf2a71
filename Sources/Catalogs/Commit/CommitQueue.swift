import Synchronization

/// Lets one commit at a time work on a table, in the order they came.
///
/// Only saves work: without it, of N commits that load the same metadata one would win and the others write their files
/// again. What makes commits correct is the comparison in the Metastore's transaction.
final class CommitQueue: Sendable {
    private typealias Turn = CheckedContinuation<Void, any Error>

    private struct State {
        /// A key is here while somebody holds it, with those who wait for it.
        var waiting: [String: [Turn]] = [:]
    }
    private let state = Mutex(State())
    /// Waiters a key may have.
    private let limit: Int

    init(limit: Int = 1024) { self.limit = limit }

    /// Holds all keys while `body` runs.
    ///
    /// `isBounded` false is for callers whose number is bounded elsewhere.
    ///
    /// - Errors: `CAT-302` when too many wait already.
    func holding<Result>(
        _ keys: Set<String>, isBounded: Bool = true, _ body: () async throws -> Result
    ) async throws -> Result {
        // One order for everybody, so that two commits never wait for each other.
        var held: [String] = []
        defer { for key in held { release(key) } }
        for key in keys.sorted() {
            try await acquire(key, limit: isBounded ? limit : .max)
            held.append(key)
        }
        return try await body()
    }

    private func acquire(_ key: String, limit: Int) async throws {
        try await withCheckedThrowingContinuation { (continuation: Turn) in
            let refusal = state.withLock { state -> CatalogError? in
                guard let waiting = state.waiting[key] else {
                    state.waiting[key] = []
                    continuation.resume()
                    return nil
                }
                guard waiting.count < limit else {
                    return CatalogError(
                        .commitContended, "too many commits wait for the table", ["waiting": waiting.count],
                        hint: "retry after a pause")
                }
                state.waiting[key]?.append(continuation)
                return nil
            }
            if let refusal { continuation.resume(throwing: refusal) }
        }
    }

    private func release(_ key: String) {
        let next = state.withLock { state -> Turn? in
            if state.waiting[key]?.isEmpty == false { return state.waiting[key]?.removeFirst() }
            state.waiting[key] = nil
            return nil
        }
        next?.resume()
    }
}
