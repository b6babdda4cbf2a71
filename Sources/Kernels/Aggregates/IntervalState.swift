import Columnar

/// sum and avg of intervals: months, days and microseconds each by themselves, as in PostgreSQL.
struct IntervalState: AggregateState {
    /// Wide enough for any number of rows.
    private struct Total: BitwiseCopyable {
        var months: Int128 = 0
        var days: Int128 = 0
        var microseconds: Int128 = 0
        var count: Int64 = 0

        mutating func merge(_ other: Total) {
            months += other.months
            days += other.days
            microseconds += other.microseconds
            count += other.count
        }
    }

    private let isMean: Bool
    private var totals: [Total] = [Total()]

    init(isMean: Bool) { self.isMean = isMean }

    var byteCount: Int { totals.capacity * MemoryLayout<Total>.stride }

    mutating func resize(to count: Int) {
        guard count > totals.count else { return }
        totals.append(contentsOf: repeatElement(Total(), count: count - totals.count))
    }

    mutating func update(_ rows: AggregateRows) throws(KernelError) {
        let column = try rows.arguments[0].cast(to: .interval)
        for row in 0..<rows.rowCount {
            guard case .interval(let value) = column.scalar(at: row) else { continue }
            totals[Int(rows.groups?[row] ?? 0)].merge(
                Total(
                    months: Int128(value.months), days: Int128(value.days),
                    microseconds: Int128(value.microseconds), count: 1))
        }
    }

    mutating func merge(_ other: any AggregateState, groups: [Int32]) throws(KernelError) {
        for (group, total) in sameKind(other).totals.enumerated() { totals[Int(groups[group])].merge(total) }
    }

    func partial(_ range: Range<Int>) -> Column { StateBytes.column(totals, range) }

    mutating func merge(partial column: Column, groups: [Int32]) throws(KernelError) {
        StateBytes.forEach(column, Total.self) { row, total in totals[Int(groups[row])].merge(total) }
    }

    func finish(_ supervisor: (any KernelSupervisor)?) throws(KernelError) -> Column {
        try RowPlan(count: totals.count).scalars(.interval) { row throws(KernelError) in
            let total = totals[row]
            guard total.count > 0 else { return .null }
            guard let sum = Interval(total.months, total.days, total.microseconds),
                let answer = isMean ? sum.scaled(by: 1 / Double(total.count)) : sum
            else {
                throw KernelError(.overflow, "the sum is out of range", ["type": "interval"])
            }
            return .interval(answer)
        }
    }
}

extension Interval {
    /// Nil when a part leaves its range.
    fileprivate init?(_ months: Int128, _ days: Int128, _ microseconds: Int128) {
        guard let months = Int32(exactly: months), let days = Int32(exactly: days),
            let microseconds = Int64(exactly: microseconds)
        else { return nil }
        self.init(months: months, days: days, microseconds: microseconds)
    }
}
