import Columnar

/// `generate_series` and `range` as lists of whole numbers.
///
/// - Nulls: null where any argument is null.
/// - Cost: the numbers are written into the column at once, 8 bytes each.
enum ListSeries {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        if call.has(2), call.arguments[2].type == .interval { return try TimeListSeries.evaluate(call) }
        var bounds: [Operand<Int64>] = []
        for index in call.arguments.indices { bounds.append(try call.long(index)) }
        let validity = call.validity
        var watch = KernelWatch(call.context.supervisor)
        var numbers: [Int64] = []
        var offsets: [Int32] = [0]
        offsets.reserveCapacity(call.rowCount + 1)
        for row in 0..<call.rowCount {
            if validity?[row] ?? true {
                let series = try series(bounds, row, includesEnd: call.function == .arraySeries)
                let total = Int(clamping: Int128(numbers.count) + series.count)
                do throws(KernelError) { try RowPlan.check(elements: total) } catch {
                    throw error.at(row: row)
                }
                try watch.look(bytes: total * 8)
                for number in 0..<Int64(series.count) {
                    numbers.append(series.first &+ number &* series.step)
                }
            }
            offsets.append(Int32(numbers.count))
        }
        return Column(
            call.result, count: call.rowCount,
            .list(offsets: offsets, element: Column(.long, count: numbers.count, .int64(numbers))),
            validity: validity)
    }

    /// How many numbers, computed with 128 bits: they hold every distance of longs.
    private static func series(
        _ bounds: [Operand<Int64>], _ row: Int, includesEnd: Bool
    ) throws(KernelError) -> (first: Int64, step: Int64, count: Int128) {
        let first = bounds.count == 1 ? 0 : bounds[0][row]
        let last = bounds.count == 1 ? bounds[0][row] : bounds[1][row]
        let step = bounds.count > 2 ? bounds[2][row] : 1
        guard step != 0 else {
            throw KernelError(.invalidArgument, "the step of a series is not 0", row: row)
        }
        let distance = Int128(last) - Int128(first)
        if distance != 0, (distance < 0) != (step < 0) { return (first, step, 0) }
        let (whole, rest) = distance.quotientAndRemainder(dividingBy: Int128(step))
        return (first, step, whole + (includesEnd || rest != 0 ? 1 : 0))
    }
}
