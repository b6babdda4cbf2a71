package import Columnar

/// Aggregates that look at a group's values in their order: mode, percentile_disc, weighted percentiles, top k.
struct SortedStatistics {
    private let function: AggregateFunction
    private let columns: [Column]
    /// Rows by group.
    private let order: [Int32]
    /// In which the values stand.
    private let direction: SortDirection
    private let supervisor: (any KernelSupervisor)?

    init(
        _ function: AggregateFunction, columns: [Column], order: [Int32], direction: SortDirection,
        _ supervisor: (any KernelSupervisor)?
    ) {
        self.direction = direction
        self.supervisor = supervisor
        self.function = function
        self.columns = columns
        self.order = order
    }

    /// The answer over these places of `order`.
    func answer(_ run: Range<Int>) throws(KernelError) -> Scalar {
        var watch = StepWatch(supervisor)
        var rows: [Int] = []
        for position in run {
            try watch.step()
            let row = Int(order[position])
            if !columns[0].isNull(row) { rows.append(row) }
        }
        guard let first = rows.first else { return .null }
        switch function {
        case .mode:
            // The first of the most frequent.
            var best: (row: Int, count: Int)?
            for run in try counts(rows) where run.count > best?.count ?? 0 { best = run }
            return best.map { columns[0].scalar(at: $0.row) } ?? .null
        case .approximateTop:
            guard let wanted = columns[1].scalar(at: first).wholeNumber, wanted > 0 else {
                throw KernelError(.invalidArgument, "approx_top_k gives one value or more")
            }
            let counts = try counts(rows)
            let sorted = try StepWatch.sorted(Array(counts.indices), supervisor) { left, right in
                counts[left].count != counts[right].count
                    ? counts[left].count > counts[right].count : left < right
            }
            return .list(
                sorted.prefix(Int(clamping: wanted)).map {
                    .structure([columns[0].scalar(at: counts[$0].row), .long(Int64(counts[$0].count))])
                })
        case .percentileDiscrete:
            let sorted = try sorted(rows)
            let place = (try fraction(columns[1], first) * Double(sorted.count)).rounded(.up)
            return columns[0].scalar(at: sorted[min(sorted.count - 1, max(0, Int(place) - 1))])
        default: return try weighted(try sorted(rows), try fraction(columns[2], first))
        }
    }

    private func sorted(_ rows: [Int]) throws(KernelError) -> [Int] {
        try ordered(rows).sortedRows().map { rows[Int($0)] }
    }

    private func ordered(_ rows: [Int]) -> RowOrder {
        let column = columns[0].gather(rows.map { Int32(truncatingIfNeeded: $0) })
        return RowOrder([column], [direction], rowCount: rows.count)
    }

    /// How often each value comes, in the values' order; by the first row that has it.
    private func counts(_ rows: [Int]) throws(KernelError) -> [(row: Int, count: Int)] {
        var watch = StepWatch(supervisor)
        let order = ordered(rows)
        var counts: [(row: Int, count: Int)] = []
        var last: Int?
        for place in try order.sortedRows() {
            try watch.step()
            let isNew = last.map { order.compare($0, order, Int(place)) != 0 } ?? true
            if isNew { counts.append((rows[Int(place)], 0)) }
            counts[counts.count - 1].count += 1
            last = Int(place)
        }
        return counts
    }

    private func fraction(_ column: Column, _ row: Int) throws(KernelError) -> Double {
        guard case .double(let fraction) = column.scalar(at: row), fraction >= 0, fraction <= 1 else {
            throw KernelError(.invalidArgument, "a percentile's fraction lies between 0 and 1")
        }
        return fraction
    }

    private func weighted(_ rows: [Int], _ fraction: Double) throws(KernelError) -> Scalar {
        var watch = StepWatch(supervisor)
        var weights: [Double] = []
        for row in rows {
            try watch.step()
            guard case .double(let weight) = columns[1].scalar(at: row) else {
                weights.append(0)
                continue
            }
            guard weight >= 0 else {
                throw KernelError(.invalidArgument, "a weight is not negative", ["weight": weight])
            }
            weights.append(weight)
        }
        let wanted = fraction * weights.reduce(0, +)
        var passed = 0.0
        for (row, weight) in zip(rows, weights) where weight > 0 {
            passed += weight
            if passed >= wanted { return columns[0].scalar(at: row) }
        }
        return .null
    }
}

extension Scalar {
    /// The value of an int or long.
    package var wholeNumber: Int64? {
        switch self {
        case .long(let number): number
        case .int(let number): Int64(number)
        default: nil
        }
    }
}
