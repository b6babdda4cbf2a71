import Columnar

/// Where frames of RANGE begin and end: a key moved by an offset.
///
/// - Nulls: a null key gives null, its rows have only their peers around them. So does what lies beyond the end of the type:
///   every row lies before it, the last of the type too.
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
                    beyond(call.result, isHigh: call.function == .add), call.result, count: 1)
            }
            let middle = call.rowCount / 2
            let parts = [
                try moved(call.sliced(0..<middle)), try moved(call.sliced(middle..<call.rowCount)),
            ]
            return Column.concatenate(parts, type: call.result)
        }
    }

    /// A time of day goes no further than its day.
    private static func clock(_ call: KernelCall) throws(KernelError) -> Column {
        let times: Operand<Int64> = call.arguments[0].operand()
        let offsets = call.arguments[1]
        return try call.rows.fixed(.time) { row throws(KernelError) -> Int64? in
            guard case .interval(let interval) = offsets.scalar(at: row) else { return nil }
            let distance = call.function == .frameAdd ? interval.microseconds : -interval.microseconds
            let (time, overflow) = times[row].addingReportingOverflow(distance)
            return overflow || !(0..<86_400_000_000).contains(time) ? nil : time
        }
    }

    /// Doubles have a value beyond all others, which rows may have too.
    private static func beyond(_ type: DataType, isHigh: Bool) -> Scalar {
        switch type {
        case .float: .float(isHigh ? .infinity : -.infinity)
        case .double: .double(isHigh ? .infinity : -.infinity)
        default: .null
        }
    }
}
