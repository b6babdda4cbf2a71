import Synchronization

/// One query's, pipeline's or maintenance job's part of the morsel pool.
///
/// Morsels of one share come in the order they were queued; shares of one priority take turns by the time they have had.
package final class WorkShare: Sendable {
    package let priority: WorkPriority
    /// Nanoseconds of computing, finished and expected, above the level at which it came in. Written under the pool's lock.
    let served = Atomic<Int64>(0)
    /// What its last morsel took: as much is expected of the next.
    let expected = Atomic<Int64>(0)

    /// Replaces what was expected of a morsel, or of a slice of one, by what it took.
    func charge(_ nanoseconds: Int64, insteadOf expected: Int64) {
        served.add(nanoseconds - expected, ordering: .relaxed)
        self.expected.store(nanoseconds, ordering: .relaxed)
    }

    package init(_ priority: WorkPriority) { self.priority = priority }
}
