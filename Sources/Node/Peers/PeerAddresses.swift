import Effects
import Metastore
import Synchronization

/// Where other nodes are reached, asked of the Metastore and remembered for a moment.
final class PeerAddresses: Sendable {
    private struct Known {
        /// Nil for one that is away: whoever listens there now is somebody else.
        var address: String?
        var readAt: Int64
    }

    /// A node that starts again may listen elsewhere.
    private static let lifetimeNanoseconds: Int64 = 1_000_000_000

    private let metastore: Metastore
    private let clock: any Clock
    private let known = Mutex<[String: Known]>([:])

    init(_ metastore: Metastore, clock: any Clock) {
        self.metastore = metastore
        self.clock = clock
    }

    /// - Errors: `NOD-401` for a node that does not listen, or whose lease is over.
    func address(of node: String) async throws -> String {
        let now = clock.monotonicNanoseconds
        if let found = known.withLock({ $0[node] }), now - found.readAt < Self.lifetimeNanoseconds {
            guard let address = found.address else { throw Self.unreachable(node) }
            return address
        }
        let all = try await metastore.nodes()
        known.withLock { known in
            known = Dictionary(
                uniqueKeysWithValues: all.map { peer in
                    let isThere = !peer.isAway && !peer.address.isEmpty
                    return (peer.id, Known(address: isThere ? peer.address : nil, readAt: now))
                })
        }
        guard let address = known.withLock({ $0[node]?.address }) else { throw Self.unreachable(node) }
        return address
    }

    func forget(_ node: String) { known.withLock { $0[node] = nil } }

    static func unreachable(_ node: String, _ reason: String? = nil) -> NodeError {
        NodeError(
            .peerUnreachable, "the node that has the stream cannot be reached",
            ["node": node, "reason": reason ?? "it does not run"],
            hint: "its events are on its disk: start it again there; nothing was kept, so send again")
    }
}
