package import Columnar

/// A state that lets each value through once, so that what it let through can also be sorted out elsewhere.
package protocol DistinctRows: AggregateState {
    /// A state of the same call without DISTINCT and without rows.
    var bare: any AggregateState { get }
    /// Calls `body` with the values let through so far, in parts: the groups, and the arguments beside them.
    func forEachPart(_ body: (_ groups: [Int32], _ arguments: [Column]) throws -> Void) rethrows
}

/// DISTINCT in front of an aggregate: lets each value through once a group.
struct DistinctState: DistinctRows {
    /// Values that are merged between two questions whether the answer is still wanted.
    private static let step = 65_536

    private var seen: GroupTable
    private var inner: any AggregateState
    let bare: any AggregateState

    init(argumentTypes: [DataType], inner: any AggregateState) {
        seen = GroupTable(types: [.int] + argumentTypes)
        self.inner = inner
        bare = inner
    }

    func forEachPart(_ body: (_ groups: [Int32], _ arguments: [Column]) throws -> Void) rethrows {
        for part in seen.keyParts {
            let ids: Operand<Int32> = part[0].operand()
            try body((0..<part[0].count).map { ids[$0] }, Array(part.dropFirst()))
        }
    }

    var byteCount: Int { seen.byteCount + inner.byteCount }

    mutating func resize(to count: Int) { inner.resize(to: count) }

    mutating func update(_ rows: AggregateRows) throws(KernelError) {
        let before = seen.count
        // A constant group leaves dictionaries of arguments their fast path.
        let ids =
            rows.groups.map { Column(.int, count: rows.rowCount, .int32($0)) }
            ?? .constant(.int(0), .int, count: rows.rowCount)
        let keys = [ids] + rows.arguments
        let numbers = seen.groups(of: keys, rowCount: rows.rowCount)
        var fresh = [Int32](repeating: -1, count: seen.count - before)
        for row in numbers.indices where Int(numbers[row]) >= before && fresh[Int(numbers[row]) - before] < 0
        {
            fresh[Int(numbers[row]) - before] = Int32(truncatingIfNeeded: row)
        }
        if !fresh.isEmpty { try inner.update(rows.gather(fresh)) }
    }

    mutating func merge(_ other: any AggregateState, groups: [Int32]) throws(KernelError) {
        let keys = sameKind(other).seen.keys()
        let ids: Operand<Int32> = keys[0].operand()
        let count = keys[0].count
        for start in stride(from: 0, to: count, by: Self.step) {
            try KernelError.checkInterruption()
            let range = start..<min(count, start + Self.step)
            try update(
                AggregateRows(
                    arguments: keys.dropFirst().map { $0.slice(range) },
                    groups: range.map { groups[Int(ids[$0])] }, rowCount: range.count))
        }
    }

    /// A list of the distinct arguments a group.
    func partial(_ range: Range<Int>) -> Column {
        let keys = seen.keys()
        let ids: Operand<Int32> = keys[0].operand()
        return GroupedRows(groupOf: (0..<keys[0].count).map { ids[$0] }, groups: range)
            .lists(of: Array(keys.dropFirst()))
    }

    mutating func merge(partial column: Column, groups: [Int32]) throws(KernelError) {
        let (arguments, owners) = GroupedRows.rows(ofLists: column)
        let ids = owners.map { groups[Int($0)] }
        try update(AggregateRows(arguments: arguments, groups: ids, rowCount: ids.count))
    }

    func finish(_ supervisor: (any KernelSupervisor)?) throws(KernelError) -> Column {
        try inner.finish(supervisor)
    }
}
