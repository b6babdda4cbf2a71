package import Effects
import Synchronization

/// Tells whether this process still surely owns what its node owns.
///
/// A lease counts from the moment before its renewal was asked for, by a clock that also runs while the machine sleeps;
/// the database counts from later, and for longer. So it ends here before anybody else may take the node over.
///
///     asked ─────── trusted ──────▶│  margin  │
///         stored ──── the lease in the database ────▶│ another process may take the node over
///
/// - Threads: any.
/// - Cost: reading a clock; nothing where a lock stands for the lease.
package final class OwnerLease: Sendable {
    /// Nobody else can come: a lock on the directory says so.
    package static let lasting = OwnerLease(clock: LiveClock(), trustedUntil: .max)

    private let clock: any Clock
    private let trustedUntil: Atomic<Int64>
    private let hasEnded = Atomic<Bool>(false)

    /// `trustedUntil` is by the clock's `bootNanoseconds`.
    package init(clock: any Clock, trustedUntil: Int64) {
        self.clock = clock
        self.trustedUntil = Atomic(trustedUntil)
    }

    /// Look after what must have happened under the lease, and before telling anybody.
    package var isHeld: Bool {
        if isLost { return false }
        let until = trustedUntil.load(ordering: .acquiring)
        return until == .max || clock.bootNanoseconds < until
    }

    /// Another process has the node: the lease never comes back. One that only ran out may.
    package var isLost: Bool { hasEnded.load(ordering: .acquiring) }

    /// - Errors: `MST-306` when another process has the node, `MST-307` while nobody knows.
    package func require() throws(MetastoreError) {
        if isHeld { return }
        if isLost { throw MetastoreError.takenOver() }
        throw MetastoreError(
            .leaseUncertain, "the node's lease has run out and could not be renewed yet",
            hint: "it is renewed once the database answers")
    }

    package func renew(trustedUntil until: Int64) { trustedUntil.store(until, ordering: .releasing) }

    package func lose() { hasEnded.store(true, ordering: .releasing) }
}

extension MetastoreError {
    static func takenOver() -> MetastoreError {
        MetastoreError(
            .takenOver, "another process has taken this node over",
            hint: "this process ends; the other one has everything that was acknowledged")
    }
}

/// What each writing transaction is held against before anything else.
struct Fence: Sendable {
    let node: String
    let epoch: Int64
    let lease: OwnerLease
    var planted: PlantedBugs

    /// - Errors: `MST-306` when the row has another epoch, or is gone.
    func require(_ found: Int64?) throws(MetastoreError) {
        if found == epoch || planted.has(.epochNotCompared) { return }
        lease.lose()
        throw MetastoreError.takenOver()
    }
}
