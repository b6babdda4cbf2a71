import Synchronization

/// One record trial of the node at a time: when the process ends, the note that is open names what it ended of.
final class TrialTurns: Sendable {
    /// The node died repeatedly: what is in the logs is worked through in noted steps.
    let isCareful: Bool
    private let isTaken = Mutex(false)

    init(isCareful: Bool) { self.isCareful = isCareful }

    /// False while somebody else has the turn.
    func take() -> Bool {
        isTaken.withLock { isTaken in
            defer { isTaken = true }
            return !isTaken
        }
    }

    func giveBack() { isTaken.withLock { $0 = false } }
}
