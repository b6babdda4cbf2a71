package import Columnar

/// Finds the frame of every row.
///
/// - Errors: `invalidArgument` for an offset that is null or negative.
/// - Cost: constant a row; with an offset of RANGE the logarithm of the partition's rows.
package struct FrameBounds {
    package let rows: WindowRows
    package let frame: WindowFrame
    /// Longs for ROWS and GROUPS; for RANGE the values at which frames begin, of `rangeKey`'s type,
    /// null where they lie beyond it.
    package let start: Column?
    package let end: Column?
    /// What RANGE measures: the only key of the order, and its direction.
    package let rangeKey: Column?
    package let direction: SortDirection

    package init(
        _ frame: WindowFrame, rows: WindowRows, start: Column?, end: Column?, rangeKey: Column?,
        direction: SortDirection
    ) {
        self.rows = rows
        self.frame = frame
        self.start = start
        self.end = end
        self.rangeKey = rangeKey
        self.direction = direction
    }

    package func ranges() throws(KernelError) -> FrameRanges {
        FrameRanges(
            starts: try places(frame.start, start, isStart: true),
            ends: try places(frame.end, end, isStart: false), exclusion: frame.exclusion, rows: rows)
    }

    /// Whether frames of these rows may begin before the first row there is, or go on behind the last one; a bound
    /// without an offset does neither.
    package func reaches(beyond rows: Range<Int>) throws(KernelError) -> (before: Bool, behind: Bool) {
        var (before, behind) = (false, false)
        let last = Int32(truncatingIfNeeded: self.rows.rowCount)
        for (bound, offset, isStart) in [(frame.start, start, true), (frame.end, end, false)]
        where bound.hasOffset {
            let places = try places(bound, offset, isStart: isStart)
            for row in rows {
                before = before || places[row] == 0
                behind = behind || places[row] == last
            }
        }
        return (before, behind)
    }

    /// Where frames start, or one past where they end.
    private func places(
        _ bound: WindowFrame.Bound, _ offset: Column?, isStart: Bool
    ) throws(KernelError) -> [Int32] {
        switch bound {
        case .unboundedPreceding: return rows.partitionStarts
        case .unboundedFollowing: return rows.partitionEnds
        case .currentRow:
            if frame.unit != .rows { return isStart ? rows.peerStarts : rows.peerEnds }
            return (0..<Int32(truncatingIfNeeded: rows.rowCount)).map { isStart ? $0 : $0 &+ 1 }
        case .preceding, .following:
            guard let offset else { preconditionFailure("a bound with an offset has its column") }
            if frame.unit == .range { return searched(bound, offset, isStart: isStart) }
            let counts = try Self.counts(offset)
            return frame.unit == .rows
                ? rowPlaces(bound, counts, isStart: isStart) : groupPlaces(bound, counts, isStart: isStart)
        }
    }

    private static func counts(_ offset: Column) throws(KernelError) -> Operand<Int64> {
        let values: Operand<Int64> = offset.operand()
        for row in 0..<offset.count where offset.isNull(row) || values[row] < 0 {
            throw KernelError(
                .invalidArgument, offset.isNull(row) ? FrameOffset.isNull : FrameOffset.isNegative, row: row)
        }
        return values
    }

    private func rowPlaces(_ bound: WindowFrame.Bound, _ counts: Operand<Int64>, isStart: Bool) -> [Int32] {
        (0..<rows.rowCount).map { row in
            let low = Int(rows.partitionStarts[row])
            let high = Int(rows.partitionEnds[row])
            // No partition is longer than its end.
            let distance = Int(min(counts[row], Int64(high)))
            let place = bound == .preceding ? row - distance : row + distance
            return Int32(truncatingIfNeeded: min(high, max(low, isStart ? place : place + 1)))
        }
    }

    private func groupPlaces(_ bound: WindowFrame.Bound, _ counts: Operand<Int64>, isStart: Bool) -> [Int32] {
        // The first rows of all groups, and which group each row is in.
        var firsts: [Int32] = []
        var groups = [Int](repeating: 0, count: rows.rowCount)
        for row in 0..<rows.rowCount {
            if Int(rows.peerStarts[row]) == row { firsts.append(rows.peerStarts[row]) }
            groups[row] = firsts.count - 1
        }
        return (0..<rows.rowCount).map { row in
            let low = rows.partitionStarts[row]
            let high = rows.partitionEnds[row]
            let distance = Int(min(counts[row], Int64(firsts.count)))
            let group = bound == .preceding ? groups[row] - distance : groups[row] + distance
            if group < 0 { return low }
            if group >= firsts.count { return high }
            let place = isStart ? firsts[group] : rows.peerEnds[Int(firsts[group])]
            return min(high, max(low, place))
        }
    }

    /// The first row of the partition not before the bound's value, or the first one behind it.
    private func searched(_ bound: WindowFrame.Bound, _ values: Column, isStart: Bool) -> [Int32] {
        guard let rangeKey else { preconditionFailure("a RANGE with an offset has a key") }
        let keys = RowOrder([rangeKey], [direction], rowCount: rows.rowCount)
        let values = Self.wide(values, beside: rangeKey, isLow: isStart != direction.isDescending)
        let wanted = RowOrder([values], [direction], rowCount: rows.rowCount)
        return (0..<rows.rowCount).map { row in
            // A null has only its peers around it.
            if rangeKey.isNull(row) { return isStart ? rows.peerStarts[row] : rows.peerEnds[row] }
            let partition = Int(rows.partitionStarts[row])..<Int(rows.partitionEnds[row])
            let place =
                if values.isNull(row) {
                    beyond(bound, in: partition, rangeKey)
                } else {
                    partition.firstPlace { middle in
                        let order = keys.compare(middle, wanted, row)
                        return isStart ? order >= 0 : order > 0
                    }
                }
            return Int32(truncatingIfNeeded: place)
        }
    }

    /// An infinite distance before infinity, or behind its opposite, is no number: the frame has all rows then but NaN.
    ///
    /// - Source: PostgreSQL's `in_range_float8_float8`.
    private static func wide(_ values: Column, beside keys: Column, isLow: Bool) -> Column {
        func replaced<Value: FixedValue & BinaryFloatingPoint>(_: Value.Type) -> Column {
            let (numbers, own): (Operand<Value>, Operand<Value>) = (values.operand(), keys.operand())
            let boundless = isLow ? -Value.infinity : Value.infinity
            let kept = (0..<values.count).map {
                numbers[$0].isNaN && !own[$0].isNaN ? boundless : numbers[$0]
            }
            return Column(
                values.type, count: kept.count, Value.column(kept),
                validity: values.mayHaveNulls ? values.validityBits() : nil)
        }
        switch values.type {
        case .double: return replaced(Double.self)
        case .float: return replaced(Float.self)
        default: return values
        }
    }

    /// Before every key of the partition, or behind every one: nulls are no keys.
    private func beyond(_ bound: WindowFrame.Bound, in partition: Range<Int>, _ rangeKey: Column) -> Int {
        if (bound == .preceding) != direction.nullsFirst {
            return bound == .preceding ? partition.lowerBound : partition.upperBound
        }
        return partition.firstPlace { rangeKey.isNull($0) != direction.nullsFirst }
    }
}

extension Range<Int> {
    /// The first place for which `holds` is true, or the end; it is true for every place behind one for which it is.
    fileprivate func firstPlace(where holds: (Int) -> Bool) -> Int {
        var (low, high) = (lowerBound, upperBound)
        while low < high {
            let middle = low + (high - low) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
