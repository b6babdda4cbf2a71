import Columnar

/// Aggregates that need all values at once: string_agg, array_agg, first_value, last_value, median, percentiles.
///
/// Keeps the rows as columns, puts them into groups (and the call's own order) at the end.
///
/// - Order: without an ORDER BY, as the rows came; over several threads that is any order.
struct CollectState: AggregateState {
    private let function: AggregateFunction
    private let result: DataType
    private let argumentTypes: [DataType]
    private let directions: [SortDirection]
    private var parts: [[Column]] = []
    private var groupIDs: [Int32] = []
    private var groupCount = 1
    private var heldBytes = 0

    /// `argumentTypes` include those of the order's keys, which come last.
    init(
        _ function: AggregateFunction, argumentTypes: [DataType], directions: [SortDirection],
        result: DataType
    ) {
        self.function = function
        self.argumentTypes = argumentTypes
        self.directions = directions
        self.result = result
    }

    var byteCount: Int { groupIDs.capacity * 4 + heldBytes }

    mutating func resize(to count: Int) { groupCount = max(groupCount, count) }

    mutating func update(_ rows: AggregateRows) throws(KernelError) {
        guard rows.rowCount > 0 else { return }
        let part = rows.arguments.map { Self.isSharedValue($0) ? $0 : $0.flattened().compacted() }
        heldBytes += part.reduce(0) { $0 + $1.byteCount }
        parts.append(part)
        groupIDs.append(contentsOf: rows.groups ?? [Int32](repeating: 0, count: rows.rowCount))
    }

    /// One list or struct for all rows: flat, each row has it again.
    private static func isSharedValue(_ column: Column) -> Bool {
        guard let value = column.constantValue, !value.isNull else { return false }
        return column.type.isNested
    }

    mutating func merge(_ other: any AggregateState, groups: [Int32]) throws(KernelError) {
        let other = sameKind(other)
        parts.append(contentsOf: other.parts)
        groupIDs.append(contentsOf: other.groupIDs.map { groups[Int($0)] })
        heldBytes += other.heldBytes
    }

    /// A list of the rows a group.
    func partial(_ range: Range<Int>) -> Column {
        GroupedRows(groupOf: groupIDs, groups: range).lists(of: joined())
    }

    mutating func merge(partial column: Column, groups: [Int32]) throws(KernelError) {
        let (arguments, owners) = GroupedRows.rows(ofLists: column)
        let ids = owners.map { groups[Int($0)] }
        try update(AggregateRows(arguments: arguments, groups: ids, rowCount: ids.count))
    }

    private func joined() -> [Column] {
        argumentTypes.indices.map { index in
            parts.isEmpty
                ? Column(argumentTypes[index], [])
                : Column.concatenate(parts.map { $0[index] }, type: argumentTypes[index])
        }
    }

    /// - Errors: `KRN-106` where shared lists and structs would be too many, each for itself.
    private func checkGrowth() throws(KernelError) {
        var bytes = 0
        for part in parts {
            for column in part where Self.isSharedValue(column) { bytes += column.writtenByteCount }
        }
        guard bytes <= RowPlan.columnLimit else {
            throw KernelError(
                .tooLarge, "values are too large", ["limit": RowPlan.columnLimit, "bytes": bytes])
        }
    }

    func finish(_ supervisor: (any KernelSupervisor)?) throws(KernelError) -> Column {
        try KernelError.checkInterruption(supervisor)
        try checkGrowth()
        let columns = joined()
        try KernelError.checkInterruption(supervisor)
        let ids = Column(.int, count: groupIDs.count, .int32(groupIDs))
        let keys = [ids] + columns.suffix(directions.count)
        let order = try RowOrder(keys, [SortDirection()] + directions, rowCount: groupIDs.count)
            .sortedRows()
        var watch = StepWatch(supervisor)
        var runs = [Range<Int>](repeating: 0..<0, count: groupCount)
        var start = 0
        while start < order.count {
            let group = groupIDs[Int(order[start])]
            var end = start
            while end < order.count, groupIDs[Int(order[end])] == group {
                try watch.step()
                end += 1
            }
            runs[Int(group)] = start..<end
            start = end
        }
        return try fold(columns, order, runs, supervisor)
    }

    /// One text a group; the memory for them is asked for as they grow.
    private func texts(
        _ columns: [Column], _ order: [Int32], _ runs: [Range<Int>], _ supervisor: (any KernelSupervisor)?
    ) throws(KernelError) -> Column {
        let first = columns[0]
        let text = TextOperand(try first.cast(to: .string))
        let delimiters: TextOperand? =
            argumentTypes.count - directions.count > 1
            ? TextOperand(try columns[1].cast(to: .string)) : nil
        var watch = KernelWatch(supervisor)
        var doneBytes = 0
        return try RowPlan(count: groupCount).text(result) { group, buffer throws(KernelError) in
            var isEmpty = true
            for position in runs[group] where !first.isNull(Int(order[position])) {
                let row = Int(order[position])
                if !isEmpty, let delimiters {
                    try delimiters.withBytes(at: row) { bytes throws(KernelError) in
                        try buffer.grow(by: bytes)
                    }
                }
                try text.withBytes(at: row) { bytes throws(KernelError) in try buffer.grow(by: bytes) }
                try watch.look(bytes: doneBytes + buffer.count)
                isEmpty = false
            }
            doneBytes += buffer.count
            return !isEmpty
        }
    }

    private func fold(
        _ columns: [Column], _ order: [Int32], _ runs: [Range<Int>], _ supervisor: (any KernelSupervisor)?
    ) throws(KernelError) -> Column {
        let rows = RowPlan(count: groupCount)
        let first = columns[0]
        switch function {
        case .stringAggregate: return try texts(columns, order, runs, supervisor)
        case .arrayAggregate: return try lists(of: first.gather(order).flattened(), runs)
        case .firstValue, .lastValue:
            return try rows.scalars(result) { group throws(KernelError) in
                guard let run = runs[group].isEmpty ? nil : runs[group] else { return .null }
                return first.scalar(
                    at: Int(order[function == .firstValue ? run.lowerBound : run.upperBound - 1]))
            }
        case .nthValue:
            return try rows.scalars(result) { group throws(KernelError) in
                let run = runs[group]
                guard let number = run.first.flatMap({ columns[1].scalar(at: Int(order[$0])).wholeNumber })
                else { return .null }
                guard number > 0 else {
                    throw KernelError(.invalidArgument, "nth_value counts from 1", ["number": number])
                }
                return number <= run.count
                    ? first.scalar(at: Int(order[run.lowerBound + Int(number) - 1])) : .null
            }
        case .mode, .percentileDiscrete, .approximateWeightedPercentile, .approximateTop:
            let statistics = SortedStatistics(
                function, columns: columns, order: order, direction: directions.first ?? SortDirection(),
                supervisor)
            return try rows.scalars(result) { group throws(KernelError) in try statistics.answer(runs[group])
            }
        case .median where result.isDecimal:
            return try ExactMedian.answer(columns[0], order, runs, result, supervisor)
        default: return try percentiles(columns, order, runs, supervisor)
        }
    }

    /// A list a group, null without rows. The groups' rows stand one behind the other, so the column is the lists' elements.
    private func lists(of elements: Column, _ runs: [Range<Int>]) throws(KernelError) -> Column {
        var offsets: [Int32] = [0]
        var isFilled = Bitmap(repeating: true, count: runs.count)
        for (group, run) in runs.enumerated() {
            offsets.append(offsets[group] + Int32(truncatingIfNeeded: run.count))
            if run.isEmpty { isFilled[group] = false }
        }
        guard case .list(let element) = result else { preconditionFailure("array_agg gives a list") }
        return Column(
            result, count: runs.count, .list(offsets: offsets, element: try elements.cast(to: element.type)),
            validity: isFilled.isAllSet ? nil : isFilled)
    }

    /// Between the two values next to the fraction's place, linearly.
    private func percentiles(
        _ columns: [Column], _ order: [Int32], _ runs: [Range<Int>], _ supervisor: (any KernelSupervisor)?
    ) throws(KernelError) -> Column {
        var watch = StepWatch(supervisor)
        let values: Operand<Double> = try columns[0].cast(to: .double).operand()
        let isDescending = directions.first?.isDescending == true
        let isMedian = function == .median || function == .approximateMedian
        let fractions: Operand<Double> =
            isMedian ? .constant(0.5) : try columns[1].cast(to: .double).operand()
        let column = try RowPlan(count: groupCount).fixed(.double) { group throws(KernelError) -> Double? in
            var known: [Double] = []
            for position in runs[group] {
                try watch.step()
                let row = Int(order[position])
                if !columns[0].isNull(row) { known.append(values[row]) }
            }
            let sorted = try StepWatch.sorted(known, supervisor) {
                isDescending ? $1.precedes($0) : $0.precedes($1)
            }
            guard !sorted.isEmpty else { return nil }
            let fraction = fractions[Int(order[runs[group].lowerBound])]
            guard fraction >= 0, fraction <= 1 else {
                throw KernelError(
                    .invalidArgument, "a percentile's fraction lies between 0 and 1", ["fraction": fraction])
            }
            let place = fraction * Double(sorted.count - 1)
            let below = sorted[Int(place.rounded(.down))]
            let above = sorted[Int(place.rounded(.up))]
            let share = place - place.rounded(.down)
            return isMedian
                ? OrderStatistics.middle(below, above, share) : OrderStatistics.between(below, above, share)
        }
        return try column.cast(to: result)
    }
}
