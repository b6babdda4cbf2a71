package import Effects

/// Which node opens the database, and by what it is known again.
package struct NodeIdentity: Sendable {
    /// Of the data directory: its logs and its streams belong to the node, whatever machine it runs on.
    package var id: UniqueID
    /// The lock that the process holds, and where: whoever holds the same one knows that the holder before is gone.
    package var place: String
    /// Where the objects are; nil on the node's own disk, which other nodes cannot read.
    package var store: String?
    /// Ids of the streams whose logs are on the node's disk.
    package var logs: Set<String>

    package init(id: UniqueID, place: String, store: String? = nil, logs: Set<String> = []) {
        self.id = id
        self.place = place
        self.store = store
        self.logs = logs
    }
}

/// A node as others see it.
package struct NodeInfo: Sendable, Hashable {
    package var id: String
    package var epoch: Int64
    /// Where its HTTP port is reached from other nodes; empty until it listens.
    package var address: String
    /// It clears away what the catalog has on record.
    package var isMain: Bool
    package var startedAt: Instant
    /// Its lease ran out, or it was stopped.
    package var isAway: Bool
}
