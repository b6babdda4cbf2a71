package import Columnar

/// Aggregates that look at a group's values in their order: mode, percentile_disc, weighted percentiles, top k.
struct SortedStatistics {
    private let function: AggregateFunction
    private let columns: [Column]
    /// Rows by group.
    private let order: [Int32]

    init(_ function: AggregateFunction, columns: [Column], order: [Int32]) {
        self.function = function
        self.columns = columns
        self.order = order
    }

    /// The answer over these places of `order`.
    func answer(_ run: Range<Int>) throws(KernelError) -> Scalar {
        let rows = run.map { Int(order[$0]) }.filter { !columns[0].isNull($0) }
        guard let first = rows.first else { return .null }
        switch function {
        case .mode:
            // The smallest of the most frequent.
            return counts(rows).max { left, right in
                left.count != right.count
                    ? left.count < right.count : left.value.order(comparedTo: right.value) > 0
            }?.value ?? .null
        case .approximateTop:
            guard let wanted = columns[1].scalar(at: first).wholeNumber, wanted > 0 else {
                throw KernelError(.invalidArgument, "approx_top_k gives one value or more")
            }
            let sorted = counts(rows).sorted { left, right in
                left.count != right.count
                    ? left.count > right.count : left.value.order(comparedTo: right.value) < 0
            }
            return .list(
                sorted.prefix(Int(clamping: wanted)).map { .structure([$0.value, .long(Int64($0.count))]) })
        case .percentileDiscrete:
            let sorted = try sorted(rows)
            let place = (try fraction(columns[1], first) * Double(sorted.count)).rounded(.up)
            return columns[0].scalar(at: sorted[min(sorted.count - 1, max(0, Int(place) - 1))])
        default: return try weighted(try sorted(rows), try fraction(columns[2], first))
        }
    }

    private func sorted(_ rows: [Int]) throws(KernelError) -> [Int] {
        let column = columns[0].gather(rows.map { Int32(truncatingIfNeeded: $0) })
        let order = RowOrder([column], [SortDirection()], rowCount: rows.count)
        return try order.sortedRows().map { rows[Int($0)] }
    }

    private func counts(_ rows: [Int]) -> [(value: Scalar, count: Int)] {
        var counts: [Scalar: Int] = [:]
        for row in rows { counts[columns[0].scalar(at: row), default: 0] += 1 }
        return counts.map { ($0.key, $0.value) }
    }

    private func fraction(_ column: Column, _ row: Int) throws(KernelError) -> Double {
        guard case .double(let fraction) = column.scalar(at: row), fraction >= 0, fraction <= 1 else {
            throw KernelError(.invalidArgument, "a percentile's fraction lies between 0 and 1")
        }
        return fraction
    }

    private func weighted(_ rows: [Int], _ fraction: Double) throws(KernelError) -> Scalar {
        var weights: [Double] = []
        for row in rows {
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
