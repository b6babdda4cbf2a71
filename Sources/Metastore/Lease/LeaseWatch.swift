import Effects

/// Decides when a node may be taken from a process that did not give it back.
///
/// By no clock of another machine: the row must have stayed the same for a whole lease while this process looked. Whoever
/// renewed it last trusted it for less, from an earlier moment on. It should be over by the database's clock too; that one
/// may have been wrong, and after two leases it is not asked any more.
struct LeaseWatch: Sendable {
    /// Of this process.
    let leaseMicroseconds: Int64
    /// The lock that this process holds; empty where nobody can tell it from another.
    let place: String
    /// False where a lock alone keeps others out.
    let isShared: Bool
    private var seen: NodeRow?
    private var since: Int64 = 0
    /// Renewals seen: a holder that renews is alive.
    private(set) var renewalsSeen = 0

    init(leaseMicroseconds: Int64, place: String, isShared: Bool) {
        self.leaseMicroseconds = leaseMicroseconds
        self.place = place
        self.isShared = isShared
    }

    func mayTake(_ row: NodeRow, databaseTime: Instant, at bootNanoseconds: Int64) -> Bool {
        // The lock is free only when its holder has ended, however it ended.
        if !isShared || row.expiresAt == 0 { return true }
        if !place.isEmpty, row.place == place { return true }
        guard row == seen else { return false }
        let leases = databaseTime.microseconds > row.expiresAt ? 1 : 2
        return bootNanoseconds - since >= Int64(leases) * row.leaseMicroseconds * 1000
    }

    /// `bootNanoseconds` is of a moment after the row was read.
    mutating func observe(_ row: NodeRow, at bootNanoseconds: Int64) {
        if row == seen { return }
        if seen?.epoch == row.epoch { renewalsSeen += 1 }
        seen = row
        since = bootNanoseconds
    }
}
