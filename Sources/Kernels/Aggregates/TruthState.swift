import Columnar

/// bool_and and bool_or, which are also min and max of booleans.
struct TruthState: AggregateState {
    private let isAnd: Bool
    /// Bit 0: a false was seen; bit 1: a true was seen.
    private var seen: [UInt8] = [0]

    init(isAnd: Bool) { self.isAnd = isAnd }

    var byteCount: Int { seen.capacity }

    mutating func resize(to count: Int) {
        guard count > seen.count else { return }
        seen.append(contentsOf: repeatElement(0, count: count - seen.count))
    }

    mutating func update(_ rows: AggregateRows) throws(KernelError) {
        let column = rows.arguments[0]
        if column.constantValue == .null || column.type == .null { return }
        let bits = column.truthBits()
        let validity = column.validity
        for row in 0..<rows.rowCount where validity?[row] ?? true {
            seen[Int(rows.groups?[row] ?? 0)] |= bits[row] ? 2 : 1
        }
    }

    mutating func merge(_ other: any AggregateState, groups: [Int32]) throws(KernelError) {
        let other = sameKind(other)
        for (group, id) in groups.enumerated() { seen[Int(id)] |= other.seen[group] }
    }

    func partial(_ range: Range<Int>) -> Column { StateBytes.column(seen, range) }

    mutating func merge(partial column: Column, groups: [Int32]) throws(KernelError) {
        StateBytes.forEach(column, UInt8.self) { row, bits in seen[Int(groups[row])] |= bits }
    }

    func finish(_ supervisor: (any KernelSupervisor)?) throws(KernelError) -> Column {
        try RowPlan(count: seen.count).truth { row throws(KernelError) in
            seen[row] == 0 ? nil : isAnd ? seen[row] == 2 : seen[row] & 2 != 0
        }
    }
}
