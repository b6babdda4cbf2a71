import Columnar

/// `generate_series` and `range` as lists of dates or times, each one the interval added to the one before.
///
/// - Nulls: null where any argument is null.
/// - Errors: `KRN-104` for a step of no length, and for dates one that is not whole days, as in DataFusion.
enum TimeListSeries {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        guard case .list(let element) = call.result else { throw call.unsupported() }
        let isDate = element.type == .date
        let type = isDate ? DataType.timestamp : element.type
        let starts: Operand<Int64> = try call.argument(0, as: type).operand()
        let ends: Operand<Int64> = try call.argument(1, as: type).operand()
        let steps = TimeArithmetic.interval(call, 2)
        let validity = call.validity
        let includesEnd = call.function == .arraySeries
        let perMicrosecond = type.unitsPerSecond / 1_000_000
        var watch = StepWatch(call.context.supervisor)
        var memory = KernelWatch(call.context.supervisor)
        var times: [Int64] = []
        var offsets: [Int32] = [0]
        offsets.reserveCapacity(call.rowCount + 1)
        for row in 0..<call.rowCount {
            if validity?[row] ?? true {
                let (step, end) = (steps(row), ends[row])
                try check(step, isDate, row)
                let isForward = step.approximateMicroseconds > 0
                var time = starts[row]
                while isForward ? time < end : time > end {
                    try append(time, to: &times, row, &watch)
                    time = try TimeArithmetic.moved(time, by: step, perMicrosecond: perMicrosecond)
                        .orThrow(KernelError(.overflow, "the time is out of range", row: row))
                }
                if includesEnd, time == end { try append(time, to: &times, row, &watch) }
                try memory.look(bytes: times.count * 8)
            }
            offsets.append(Int32(times.count))
        }
        let values = try Column(type, count: times.count, .int64(times)).cast(to: element.type)
        return Column(
            call.result, count: call.rowCount, .list(offsets: offsets, element: values), validity: validity)
    }

    private static func append(
        _ time: Int64, to times: inout [Int64], _ row: Int, _ watch: inout StepWatch
    ) throws(KernelError) {
        do throws(KernelError) {
            try RowPlan.check(elements: times.count + 1)
            try watch.step()
        } catch {
            throw error.at(row: row)
        }
        times.append(time)
    }

    private static func check(_ step: Interval, _ isDate: Bool, _ row: Int) throws(KernelError) {
        guard step.approximateMicroseconds != 0 else {
            throw KernelError(.invalidArgument, "the step of a series is not 0", row: row)
        }
        guard !isDate || step.microseconds % 86_400_000_000 == 0 else {
            throw KernelError(.invalidArgument, "the step of a series of dates is whole days", row: row)
        }
    }
}
