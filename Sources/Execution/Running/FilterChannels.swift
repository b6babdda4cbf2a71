import Columnar
import Kernels
import Scheduling
import Synchronization

/// What joins tell scans below them, by the channels' numbers in the plan.
///
/// - Threads: any. A join sets its channels before it prepares its left side, so the scan finds them.
final class FilterChannels: Sendable {
    private let filters = Mutex<[Int: HeldFilter]>([:])

    /// Nil while the join has told nothing.
    subscript(channel: Int) -> HeldFilter? {
        get { filters.withLock { $0[channel] } }
        set { filters.withLock { $0[channel] = newValue } }
    }
}

/// A filter with its memory, and what came of it so far.
final class HeldFilter: Sendable {
    let keys: KeyFilter
    private let reservation: MemoryReservation
    private let seen = Atomic<Int>(0)
    private let passed = Atomic<Int>(0)

    /// After so many rows it shows whether a filter drops enough.
    private static let trialRows = 4 * Batch.capacity

    init(_ keys: KeyFilter, _ reservation: MemoryReservation) {
        self.keys = keys
        self.reservation = reservation
    }

    /// Past its trial a filter that lets three quarters of the rows pass costs more than it saves.
    var isUseful: Bool {
        let seen = seen.load(ordering: .relaxed)
        return seen < Self.trialRows || passed.load(ordering: .relaxed) < seen / 4 * 3
    }

    func rows(of column: Column, among rows: [Int32]?) -> [Int32] {
        let found = keys.rows(of: column, among: rows)
        seen.add(rows?.count ?? column.count, ordering: .relaxed)
        passed.add(found.count, ordering: .relaxed)
        return found
    }
}
