import Synchronization

/// The rows that a statement has given so far.
///
/// - Threads: any.
final class RowCount: Sendable {
    private let rows = Atomic<Int64>(0)

    var value: Int64 { rows.load(ordering: .relaxed) }

    func add(_ count: Int) { rows.add(Int64(count), ordering: .relaxed) }
}
