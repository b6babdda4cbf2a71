package import Columnar

/// An aggregate as a window function, prepared.
package struct WindowAggregate {
    package let function: AggregateFunction
    package let argumentTypes: [DataType]
    package let result: DataType
    package let isDistinct: Bool
    /// Of the aggregate's own ORDER BY, whose keys stand behind the arguments.
    package let order: [SortDirection]

    package init(
        _ function: AggregateFunction, argumentTypes: [DataType], result: DataType, isDistinct: Bool,
        order: [SortDirection]
    ) {
        self.function = function
        self.argumentTypes = argumentTypes
        self.result = result
        self.isDistinct = isDistinct
        self.order = order
    }

    /// The aggregate of each row's frame.
    ///
    /// - Shapes: `arguments` have a row each of the rows that frames speak of; the answer a row each of `frames`.
    /// - Cost: linear, or with a logarithm, in the rows. Only DISTINCT over sums and the like, lists and texts are
    ///   folded anew for frames that lose rows at their start.
    package func evaluate(
        _ arguments: [Column], filter: Column?, frames: FrameRanges, around: WindowSurroundings? = nil
    ) throws(KernelError) -> Column {
        guard let filter else { return try evaluate(arguments, frames, around) }
        let truth = filter.truthBits() & filter.validityBits()
        let known = KnownRows(count: filter.count) { truth[$0] }
        return try evaluate(arguments.map { $0.gather(known.rows) }, frames.compacted(known.before), around)
    }

    /// A state without rows, for `WindowSurroundings`.
    package func makeState() throws(KernelError) -> any AggregateState {
        try function.makeState(
            argumentTypes: argumentTypes, result: result, isDistinct: isDistinct, order: order)
    }

    private func evaluate(
        _ arguments: [Column], _ frames: FrameRanges, _ around: WindowSurroundings?
    ) throws(KernelError) -> Column {
        guard let around, !around.isEmpty else { return try evaluate(arguments, frames) }
        let state = try makeState()
        if let state = state as? any WindowedState { return try state.windowed(arguments, frames, around) }
        guard state is CountState else { return try replayed(arguments, frames, around) }
        var sum = state
        for part in [around.before, around.behind].compactMap({ $0 }) { try sum.merge(part, groups: [0]) }
        return try ScalarFunction.add.evaluate(
            [
                try evaluate(arguments, frames),
                .constant(try sum.finish().scalar(at: 0), result, count: frames.rowCount),
            ],
            rowCount: frames.rowCount, result: result, in: KernelContext())
    }

    private func evaluate(_ arguments: [Column], _ frames: FrameRanges) throws(KernelError) -> Column {
        if isDistinct || function == .approximateDistinct {
            switch function {
            case .count, .approximateDistinct: return try distinctCounts(arguments, frames)
            case .minimum, .maximum, .boolAnd, .boolOr, .anyValue: break
            default: return try replayed(arguments, frames)
            }
        }
        switch function {
        case .countAll: return try counts(frames)
        case .count:
            return try counts(
                frames.compacted(
                    KnownRows(count: arguments[0].count) { row in !arguments.contains { $0.isNull(row) } }
                        .before))
        case .anyValue:
            return try WindowFunction.firstValue.evaluate(
                arguments, rows: WindowRows(partition: [], order: [], rowCount: 0), frames: frames,
                ignoresNulls: true, result: result)
        case .median where result.isDecimal: return try replayed(arguments, frames)
        case .median, .percentileContinuous, .approximateMedian, .approximatePercentile:
            return try percentiles(arguments, frames)
        default: break
        }
        let state = try function.makeState(argumentTypes: argumentTypes, result: result, order: order)
        if let windowed = state as? any WindowedState {
            return try windowed.windowed(arguments, frames, WindowSurroundings())
        }
        switch function {
        case .minimum, .maximum: return extremes(arguments[0].flattened(), frames)
        case .boolAnd, .boolOr: return try truths(arguments[0], frames)
        default: return try replayed(arguments, frames)
        }
    }

    private func counts(_ frames: FrameRanges) throws(KernelError) -> Column {
        let values = (0..<frames.rowCount).map { Int64(frames.count(of: $0)) }
        return try Column(.long, count: values.count, .int64(values)).cast(to: result)
    }

    private func distinctCounts(_ arguments: [Column], _ frames: FrameRanges) throws(KernelError) -> Column {
        let count = arguments[0].count
        var table = GroupTable(types: argumentTypes)
        let codes = table.groups(of: arguments, rowCount: count)
        let known = KnownRows(count: count) { row in !arguments.contains { $0.isNull(row) } }
        var seen = [Int32](repeating: 0, count: table.count)
        var distinct: Int64 = 0
        let ranges = frames.compacted(known.before)
        var sliding = SlidingFrame(ranges)
        let values = (0..<ranges.rowCount).map { row in
            sliding.move(to: row, of: ranges) { place in
                let code = Int(codes[Int(known.rows[place])])
                if seen[code] == 0 { distinct += 1 }
                seen[code] += 1
            } remove: { place in
                let code = Int(codes[Int(known.rows[place])])
                seen[code] -= 1
                if seen[code] == 0 { distinct -= 1 }
            }
            return distinct
        }
        return try Column(.long, count: values.count, .int64(values)).cast(to: result)
    }

    private func truths(_ column: Column, _ frames: FrameRanges) throws(KernelError) -> Column {
        let bits = column.truthBits()
        let known = KnownRows(column)
        let trues = KnownRows(count: known.rows.count) { bits[Int(known.rows[$0])] }
        let all = frames.compacted(known.before)
        let chosen = all.compacted(trues.before)
        return try RowPlan(count: frames.rowCount).truth { row throws(KernelError) in
            let count = all.count(of: row)
            let trueCount = chosen.count(of: row)
            return count == 0 ? nil : function == .boolAnd ? trueCount == count : trueCount > 0
        }
    }

    /// Extremes of text and rare types, by the place of the best row.
    private func extremes(_ column: Column, _ frames: FrameRanges) -> Column {
        let order = RowOrder(
            [column], [SortDirection(isDescending: function == .maximum)], rowCount: column.count)
        var fold = FrameFold(BestRow(column: column, order: order))
        let places = (0..<frames.rowCount).map { row -> Int32 in
            let best = fold.answer(row, of: frames)
            return best < 0 ? Int32(truncatingIfNeeded: column.count) : best
        }
        return Column.concatenate([column, Column.nulls(column.type, count: 1).flattened()], type: result)
            .gather(places)
    }

    private func percentiles(_ arguments: [Column], _ frames: FrameRanges) throws(KernelError) -> Column {
        var statistics = try OrderStatistics(arguments[0])
        var sliding = SlidingFrame(frames)
        var fraction = 0.5
        let isMedian = function == .median || function == .approximateMedian
        if !isMedian {
            let fractions: Operand<Double> = try arguments[1].cast(to: .double).operand()
            fraction = arguments[1].count == 0 ? 0 : fractions[0]
            guard fraction >= 0, fraction <= 1 else {
                throw KernelError(
                    .invalidArgument, "a percentile's fraction lies between 0 and 1", ["fraction": fraction])
            }
        }
        let column = try RowPlan(count: frames.rowCount).fixed(.double) {
            row throws(KernelError) -> Double? in
            // Two closures may not write one variable, so the moves are kept and then made.
            var moves: [(row: Int, step: Int32)] = []
            sliding.move(to: row, of: frames) {
                moves.append(($0, 1))
            } remove: {
                moves.append(($0, -1))
            }
            for move in moves { statistics.change(move.row, by: move.step) }
            return statistics.percentile(
                fraction, isMedian: isMedian, isDescending: order.first?.isDescending == true)
        }
        return try column.cast(to: result)
    }

    /// Rows folded between two questions whether the work is wanted.
    private static let checkedRows = 65_536

    /// Folds frame by frame; a frame that only grew takes in the new rows.
    private func replayed(
        _ arguments: [Column], _ frames: FrameRanges, _ around: WindowSurroundings = WindowSurroundings()
    ) throws(KernelError) -> Column {
        var empty = try makeState()
        if let before = around.before { empty = before }
        var state = empty
        var ranges: [Range<Int>] = []
        var answer = Scalar.null
        var rowsFolded = 0
        return try RowPlan(count: frames.rowCount).scalars(result) { row throws(KernelError) in
            let next = frames.lanes.map { $0[row] }
            if next == ranges { return answer }
            var fresh = next
            if next.count == 1, let old = ranges.first, old.lowerBound == next[0].lowerBound,
                old.upperBound < next[0].upperBound
            {
                fresh = [old.upperBound..<next[0].upperBound]
            } else {
                state = empty
            }
            for range in fresh where !range.isEmpty {
                rowsFolded += range.count
                if rowsFolded > Self.checkedRows {
                    try KernelError.checkInterruption()
                    rowsFolded = 0
                }
                try state.update(
                    AggregateRows(
                        arguments: arguments.map { $0.slice(range) }, groups: nil, rowCount: range.count))
            }
            ranges = next
            var whole = state
            if let behind = around.behind { try whole.merge(behind, groups: [0]) }
            answer = try whole.finish().scalar(at: 0)
            return answer
        }
    }
}

/// What every frame has before the rows that are there, and behind them: of a partition that is looked at in parts.
package struct WindowSurroundings {
    package var before: (any AggregateState)?
    package var behind: (any AggregateState)?

    package init(before: (any AggregateState)? = nil, behind: (any AggregateState)? = nil) {
        self.before = before
        self.behind = behind
    }

    var isEmpty: Bool { before == nil && behind == nil }
}

/// A state that knows a faster way over frames than adding their rows one by one.
protocol WindowedState: AggregateState {
    func windowed(
        _ arguments: [Column], _ frames: FrameRanges, _ around: WindowSurroundings
    ) throws(KernelError) -> Column
}

extension FixedState: WindowedState {}

/// The first row of an order; -1 where all are null.
private struct BestRow: FoldSource {
    let column: Column
    let order: RowOrder

    var count: Int { column.count }
    var empty: Int32 { -1 }

    func add(_ row: Int, to node: inout Int32) {
        if !column.isNull(row) { merge(Int32(truncatingIfNeeded: row), into: &node) }
    }

    func merge(_ other: Int32, into node: inout Int32) {
        if other >= 0, node < 0 || order.compare(Int(other), order, Int(node)) < 0 { node = other }
    }
}
