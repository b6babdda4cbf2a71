import Synchronization

/// Keys of signatures that held lately: a client's key is the same for all requests of a day, and four hashes to make.
package final class SigningKeys: Sendable {
    private struct Name: Hashable {
        var secret: String
        var scope: SigV4Scope
    }
    private let known = Mutex<[Name: [UInt8]]>([:])
    /// Clients with a key of their own; beyond it all are made anew, once.
    private static let limit = 1024

    package init() {}

    subscript(secret: String, scope: SigV4Scope) -> [UInt8]? {
        known.withLock { $0[Name(secret: secret, scope: scope)] }
    }

    /// Only for a signature that holds: nobody fills this with regions he makes up.
    func keep(_ key: [UInt8], _ secret: String, _ scope: SigV4Scope) {
        known.withLock { known in
            if known.count >= Self.limit { known.removeAll() }
            known[Name(secret: secret, scope: scope)] = key
        }
    }
}
