package import Columnar

/// Rows on their way into aggregates.
package struct AggregateRows {
    /// Dense columns of equal length; behind the arguments come the keys of the call's own ORDER BY.
    package var arguments: [Column]
    /// The group of each row; nil when all rows belong to group 0.
    package var groups: [Int32]?
    package var rowCount: Int

    package init(arguments: [Column], groups: [Int32]?, rowCount: Int) {
        self.arguments = arguments
        self.groups = groups
        self.rowCount = rowCount
    }

    /// Only these rows.
    package func gather(_ rows: [Int32]) -> AggregateRows {
        AggregateRows(
            arguments: arguments.map { $0.gather(rows) }, groups: groups?.gather(rows), rowCount: rows.count)
    }
}

/// One aggregate over many groups: a column of accumulators.
///
/// - Threads: one at a time. Each thread fills its own; `merge` joins them.
package protocol AggregateState: Sendable {
    /// Makes room for groups `0..<count`.
    mutating func resize(to count: Int)
    mutating func update(_ rows: AggregateRows) throws(KernelError)
    /// Adds another state of the same call; its group g is our `groups[g]`.
    mutating func merge(_ other: any AggregateState, groups: [Int32]) throws(KernelError)
    /// What the groups of a range remember, one row a group, in a form that `merge(partial:groups:)` of the same call takes:
    /// for disks, not for other builds.
    func partial(_ range: Range<Int>) -> Column
    /// Adds rows of `partial`; row r belongs to our `groups[r]`.
    mutating func merge(partial column: Column, groups: [Int32]) throws(KernelError)
    /// One row a group.
    ///
    /// - Errors: `KRN-301` when the supervisor, or whoever this thread works for, wants no answer any more; `KRN-302` when
    ///   there is no memory for it.
    func finish(_ supervisor: (any KernelSupervisor)?) throws(KernelError) -> Column
    /// Bytes held, roughly.
    var byteCount: Int { get }
}

extension AggregateState {
    /// For states that are small.
    package func finish() throws(KernelError) -> Column { try finish(nil) }

    /// The other as this kind; anything else is a bug of the caller.
    func sameKind(_ other: any AggregateState) -> Self {
        guard let other = other as? Self else {
            preconditionFailure("states of unlike aggregates are merged")
        }
        return other
    }
}
