package import Columnar

extension WindowFunction {
    /// One value a row.
    ///
    /// - Shapes: `arguments` have a row each of `rows`; `frames` are needed where `readsFrame`.
    /// - Errors: `invalidArgument` for numbers of parts and places that make no sense.
    package func evaluate(
        _ arguments: [Column], rows: WindowRows, frames: FrameRanges?, ignoresNulls: Bool, result: DataType
    ) throws(KernelError) -> Column {
        switch self {
        case .rowNumber, .rank, .denseRank: return numbers(rows)
        case .percentRank, .cumeDist: return shares(rows)
        case .ntile: return try parts(arguments[0], rows)
        case .lag, .lead: return try neighbours(arguments, rows, ignoresNulls, result)
        case .firstValue, .lastValue, .nthValue:
            guard let frames else { preconditionFailure("the function reads a frame") }
            return try picks(arguments, frames, ignoresNulls)
        }
    }

    private func numbers(_ rows: WindowRows) -> Column {
        var values = [Int64](repeating: 0, count: rows.rowCount)
        var dense = Int64(rows.part?.groupsBefore ?? 0)
        for row in 0..<rows.rowCount {
            switch self {
            case .rowNumber: values[row] = Int64(rows.place(of: row)) + 1
            case .rank: values[row] = Int64(rows.firstPeer(of: row)) + 1
            default:
                if rows.part == nil, Int(rows.partitionStarts[row]) == row { dense = 0 }
                if Int(rows.peerStarts[row]) == row { dense += 1 }
                values[row] = dense
            }
        }
        return Column(.long, count: rows.rowCount, .int64(values))
    }

    private func shares(_ rows: WindowRows) -> Column {
        let values = (0..<rows.rowCount).map { row -> Double in
            let count = rows.partitionCount(of: row)
            if self == .cumeDist { return Double(rows.peerEnd(of: row)) / Double(count) }
            return count == 1 ? 0 : Double(rows.firstPeer(of: row)) / Double(count - 1)
        }
        return Column(.double, count: rows.rowCount, .double(values))
    }

    /// The first parts take one row more where they are not even.
    private func parts(_ wanted: Column, _ rows: WindowRows) throws(KernelError) -> Column {
        let counts: Operand<Int64> = wanted.operand()
        return try RowPlan(count: rows.rowCount).fixed(.long) { row throws(KernelError) -> Int64? in
            if wanted.isNull(row) { return nil }
            let parts = counts[row]
            guard parts > 0 else {
                throw KernelError(.invalidArgument, "ntile makes one part or more", ["parts": parts])
            }
            let size = Int64(rows.partitionCount(of: row))
            let place = Int64(rows.place(of: row))
            let (small, larger) = size.quotientAndRemainder(dividingBy: parts)
            let edge = larger * (small + 1)
            return place < edge ? place / (small + 1) + 1 : larger + (place - edge) / max(1, small) + 1
        }
    }

    /// lag and lead: `[value]`, `[value, offset]`, `[value, offset, default]`.
    private func neighbours(
        _ arguments: [Column], _ rows: WindowRows, _ ignoresNulls: Bool, _ result: DataType
    ) throws(KernelError) -> Column {
        let value = arguments[0]
        let offsets: Operand<Int64> = arguments.count > 1 ? arguments[1].operand() : .constant(1)
        let known = ignoresNulls ? KnownRows(value) : nil
        // Behind the values stand the defaults, or a single null.
        let defaults = arguments.count > 2 ? arguments[2] : .nulls(value.type, count: 1)
        let hasDefaults = arguments.count > 2
        var places = [Int32](repeating: 0, count: rows.rowCount)
        for row in 0..<rows.rowCount {
            var target: Int?
            if arguments.count < 2 || !arguments[1].isNull(row) {
                let (negated, overflow) = Int64(0).subtractingReportingOverflow(offsets[row])
                let distance = self == .lead ? offsets[row] : overflow ? .max : negated
                target = Self.neighbour(row, distance, rows, known)
            }
            places[row] = Int32(truncatingIfNeeded: target ?? (rows.rowCount + (hasDefaults ? row : 0)))
        }
        let all = Column.concatenate([value.flattened(), defaults.flattened()], type: result)
        return all.gather(places)
    }

    /// The row so far behind (before, when negative) in the partition, nulls passed over where `known` is given.
    private static func neighbour(
        _ row: Int, _ distance: Int64, _ rows: WindowRows, _ known: KnownRows?
    ) -> Int? {
        let low = Int(rows.partitionStarts[row])
        let high = Int(rows.partitionEnds[row])
        guard let known, distance != 0 else {
            let (place, overflow) = Int64(row).addingReportingOverflow(distance)
            return !overflow && place >= Int64(low) && place < Int64(high) ? Int(place) : nil
        }
        // From the first known row behind, or the last one before.
        let from = Int64(known.before[distance > 0 ? row + 1 : row])
        let (number, overflow) = from.addingReportingOverflow(distance > 0 ? distance - 1 : distance)
        guard !overflow, number >= Int64(known.before[low]), number < Int64(known.before[high]) else {
            return nil
        }
        return Int(known.rows[Int(number)])
    }

    private func picks(
        _ arguments: [Column], _ frames: FrameRanges, _ ignoresNulls: Bool
    ) throws(KernelError) -> Column {
        let value = arguments[0].flattened()
        let known = ignoresNulls ? KnownRows(value) : nil
        let ranges = known.map { frames.compacted($0.before) } ?? frames
        let numbers: Operand<Int64> = self == .nthValue ? arguments[1].operand() : .constant(1)
        var places = [Int32](repeating: Int32(truncatingIfNeeded: value.count), count: ranges.rowCount)
        for row in 0..<ranges.rowCount {
            var number = 0
            switch self {
            case .lastValue: number = ranges.count(of: row) - 1
            case .nthValue:
                if arguments[1].isNull(row) { continue }
                guard numbers[row] > 0 else {
                    throw KernelError(
                        .invalidArgument, "nth_value counts from 1", ["number": numbers[row]], row: row)
                }
                number = Int(numbers[row] - 1)
            default: break
            }
            guard number >= 0, let place = ranges.place(number, in: row) else { continue }
            places[row] = known?.rows[place] ?? Int32(truncatingIfNeeded: place)
        }
        return Column.concatenate([value, Column.nulls(value.type, count: 1).flattened()], type: value.type)
            .gather(places)
    }
}

/// The rows that count, and how many of them come before each row and before the end.
struct KnownRows {
    let rows: [Int32]
    let before: [Int32]

    /// Rows where the column is not null.
    init(_ column: Column) { self.init(count: column.count) { !column.isNull($0) } }

    init(count: Int, _ isKnown: (Int) -> Bool) {
        var rows: [Int32] = []
        var before = [Int32](repeating: 0, count: count + 1)
        for row in 0..<count {
            if isKnown(row) { rows.append(Int32(truncatingIfNeeded: row)) }
            before[row + 1] = Int32(truncatingIfNeeded: rows.count)
        }
        self.rows = rows
        self.before = before
    }
}
