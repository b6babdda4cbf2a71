import Synchronization

/// The tokens seen last, so that a request does not read the Metastore. Emptied whenever a token goes away, here or at another node.
final class TokenCache: Sendable {
    enum Key: Hashable, Sendable {
        case bearer([UInt8])
        case accessKey(String)
    }
    struct Entry: Sendable {
        var token: Token
        /// The S3 secret in clear; it lives only here, in memory.
        var secret: String
    }
    private struct State {
        var entries: [Key: Entry] = [:]
        var generation = 0
    }
    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    subscript(key: Key) -> Entry? { state.withLock { $0.entries[key] } }

    /// Take it before reading what is to be inserted.
    var generation: Int { state.withLock { $0.generation } }

    /// Does nothing when the cache was emptied since: the entry may be of a token that is gone.
    func insert(_ entry: Entry, for key: Key, ifStill generation: Int) {
        state.withLock { state in
            guard state.generation == generation else { return }
            // Thousands of tokens at once are rare; starting over then costs one read each.
            if state.entries.count >= limit { state.entries.removeAll() }
            state.entries[key] = entry
        }
    }

    func removeAll() {
        state.withLock { state in
            state.entries.removeAll()
            state.generation += 1
        }
    }
}
