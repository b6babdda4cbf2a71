import Columnar

/// Where frames of RANGE begin and end: a key moved by an offset, which stops at the end of its type. No row lies beyond.
///
/// - Nulls: a null key gives null, its rows have only their peers around them.
/// - Errors: `invalidArgument` for an offset that is null or negative.
/// - Cost: that of the sum; for rows beyond the end the logarithm of the rows each.
/// - Source: PostgreSQL's `in_range` functions.
enum FrameArithmetic {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let offsets = call.arguments[1]
        try check(offsets)
        if call.result == .time { return try clock(call) }
        return try moved(
            KernelCall(
                function: call.function == .frameAdd ? .add : .subtract, arguments: call.arguments,
                rowCount: call.rowCount, result: call.result, context: call.context))
    }

    private static func check(_ offsets: Column) throws(KernelError) {
        for row in 0..<(offsets.constantValue == nil ? offsets.count : min(1, offsets.count)) {
            if let problem = FrameOffset.problem(offsets.scalar(at: row)) {
                throw KernelError(.invalidArgument, problem, row: row)
            }
        }
    }

    /// The sum where it fits, halves of the rows apart where it does not.
    private static func moved(_ call: KernelCall) throws(KernelError) -> Column {
        do throws(KernelError) {
            return try Arithmetic.evaluate(call)
        } catch {
            guard error.code == .overflow else { throw error }
            guard call.rowCount > 1 else {
                return .constant(
                    try end(of: call.result, isHigh: call.function == .add), call.result, count: 1)
            }
            let middle = call.rowCount / 2
            let parts = [
                try moved(call.sliced(0..<middle)), try moved(call.sliced(middle..<call.rowCount)),
            ]
            return Column.concatenate(parts, type: call.result)
        }
    }

    /// A time of day goes no further than its day, in whose last moment 24:00 is.
    private static func clock(_ call: KernelCall) throws(KernelError) -> Column {
        let times: Operand<Int64> = call.arguments[0].operand()
        let offsets = call.arguments[1]
        return try call.rows.fixed(.time) { row throws(KernelError) -> Int64? in
            guard case .interval(let interval) = offsets.scalar(at: row) else { return nil }
            let distance = call.function == .frameAdd ? interval.microseconds : -interval.microseconds
            return min(86_400_000_000, max(0, times[row].addingReportingOverflow(distance).partialValue))
        }
    }

    private static func end(of type: DataType, isHigh: Bool) throws(KernelError) -> Scalar {
        switch type {
        case .int, .date: return .int(isHigh ? .max : .min)
        case .long, .timestamp, .timestamptz, .timestampNanos, .timestamptzNanos:
            return .long(isHigh ? .max : .min)
        case .float: return .float(isHigh ? .infinity : -.infinity)
        case .double: return .double(isHigh ? .infinity : -.infinity)
        case .decimal(let precision, _):
            let last = DecimalMath.bound(precision) - 1
            let value = isHigh ? last : -last
            return precision <= DataType.longPrecision
                ? .long(Int64(truncatingIfNeeded: value)) : .int128(value)
        case .interval:
            return .interval(
                isHigh
                    ? Interval(months: .max, days: .max, microseconds: .max)
                    : Interval(months: .min, days: .min, microseconds: .min))
        default: preconditionFailure("a frame is measured on numbers and times, not on \(type)")
        }
    }
}
