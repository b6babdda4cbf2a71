import Columnar

/// Percentiles of frames: a count of the frame's values by their rank, which finds the n-th in logarithmic time.
///
/// - Cost: one sort of all values; then the logarithm of their number for each row that enters or leaves a frame.
/// - Source: Fenwick, "A New Data Structure for Cumulative Frequency Tables", 1994.
struct OrderStatistics {
    /// The values in order.
    private let sorted: [Double]
    /// The place in `sorted` of each row; -1 for nulls.
    private let ranks: [Int32]
    /// Partial sums of counts, one longer than `sorted`.
    private var sums: [Int32]
    private(set) var count = 0

    init(_ column: Column) throws(KernelError) {
        let cast = try column.cast(to: .double)
        let values: Operand<Double> = cast.operand()
        var rows = KnownRows(cast).rows
        rows.sort { left, right in
            let (a, b) = (values[Int(left)], values[Int(right)])
            return a.precedes(b) || (!b.precedes(a) && left < right)
        }
        var ranks = [Int32](repeating: -1, count: cast.count)
        for (rank, row) in rows.enumerated() { ranks[Int(row)] = Int32(truncatingIfNeeded: rank) }
        self.ranks = ranks
        sorted = rows.map { values[Int($0)] }
        sums = [Int32](repeating: 0, count: rows.count + 1)
    }

    mutating func change(_ row: Int, by step: Int32) {
        guard ranks[row] >= 0 else { return }
        count += Int(step)
        var place = Int(ranks[row]) + 1
        while place < sums.count {
            sums[place] &+= step
            place += place & -place
        }
    }

    /// The value with this number, from zero, of those counted now.
    private func value(_ number: Int) -> Double {
        var place = 0
        var left = Int32(truncatingIfNeeded: number)
        var step = 1 << (Int.bitWidth - 1 - sums.count.leadingZeroBitCount)
        while step > 0 {
            if place + step < sums.count, sums[place + step] <= left {
                place += step
                left -= sums[place]
            }
            step >>= 1
        }
        return sorted[place]
    }

    /// Infinities of one sign stay what they are.
    static func between(_ below: Double, _ above: Double, _ share: Double) -> Double {
        below == above ? below : below + (above - below) * share
    }

    /// The mean of the two in the middle: of a number and an infinity the infinity, as in DataFusion.
    static func middle(_ below: Double, _ above: Double, _ share: Double) -> Double {
        share == 0.5 && (below.isInfinite || above.isInfinite)
            ? (below + above) / 2 : between(below, above, share)
    }

    /// Between the two values next to the fraction's place, linearly; nil of no values.
    func percentile(_ fraction: Double, isMedian: Bool, isDescending: Bool) -> Double? {
        guard count > 0 else { return nil }
        let place = fraction * Double(count - 1)
        let places = [Int(place.rounded(.down)), Int(place.rounded(.up))]
        let below = value(isDescending ? count - 1 - places[0] : places[0])
        let above = value(isDescending ? count - 1 - places[1] : places[1])
        let share = place - place.rounded(.down)
        return isMedian ? Self.middle(below, above, share) : Self.between(below, above, share)
    }
}
