import Columnar
import Effects

/// Sums and differences of dates, times, timestamps and intervals, and intervals times numbers.
enum TimeArithmetic {
    private static let perDay: Int64 = 86_400_000_000

    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        guard call.has(1) else { return try negate(call) }
        let left = call.arguments[0].type
        let right = call.arguments[1].type
        switch (call.function, left, right) {
        case (.add, .interval, .interval), (.subtract, .interval, .interval): return try intervals(call)
        case (.add, .interval, _): return try shift(call, time: 1, interval: 0, sign: 1)
        case (.add, _, .interval): return try shift(call, time: 0, interval: 1, sign: 1)
        case (.subtract, _, .interval): return try shift(call, time: 0, interval: 1, sign: -1)
        case (.multiply, .interval, _): return try scale(call, interval: 0, number: 1)
        case (.multiply, _, .interval): return try scale(call, interval: 1, number: 0)
        case (.divide, .interval, _): return try scale(call, interval: 0, number: 1)
        case (.add, .date, _) where right.isInteger: return try days(call, date: 0, number: 1, sign: 1)
        case (.add, _, .date) where left.isInteger: return try days(call, date: 1, number: 0, sign: 1)
        case (.subtract, .date, _) where right.isInteger: return try days(call, date: 0, number: 1, sign: -1)
        case (.add, .date, .time): return try dateAndTime(call, date: 0, time: 1)
        case (.add, .time, .date): return try dateAndTime(call, date: 1, time: 0)
        case (.subtract, .date, .date):
            let result = try IntegerArithmetic.evaluate(
                KernelCall(
                    function: .subtract, arguments: call.arguments.map { $0.reinterpreted(as: .int) },
                    rowCount: call.rowCount, result: .int, context: call.context), Int32.self, .int)
            return try result.cast(to: call.result)
        case (.subtract, .time, .time): return try difference(call, .time, daysApart: false)
        case (.subtract, _, _): return try difference(call, .timestamp, daysApart: true)
        default: throw call.unsupported()
        }
    }

    private static func outOfRange(_ call: KernelCall) -> KernelError {
        KernelError(
            .overflow, "the result is out of range",
            [
                "operation":
                    "\(call.arguments[0].type) \(call.function.name) \(call.arguments.last?.type ?? .null)"
            ])
    }

    static func interval(_ call: KernelCall, _ index: Int) -> (Int) -> Interval {
        let column = call.arguments[index]
        if case .interval(let value)? = column.constantValue { return { _ in value } }
        guard case .interval(let items) = column.flattened().values else { return { _ in Interval() } }
        return { items[$0] }
    }

    private static func negate(_ call: KernelCall) throws(KernelError) -> Column {
        let value = interval(call, 0)
        return try intervalRows(call) { row in value(row).scaled(by: -1) }
    }

    private static func intervals(_ call: KernelCall) throws(KernelError) -> Column {
        let left = interval(call, 0)
        let right = interval(call, 1)
        return try intervalRows(call) { row in
            let second = call.function == .add ? right(row) : right(row).scaled(by: -1)
            return second.flatMap { left(row).adding($0) }
        }
    }

    private static func scale(_ call: KernelCall, interval index: Int, number: Int) throws(KernelError)
        -> Column
    {
        let value = interval(call, index)
        let factors = try call.double(number)
        if call.function == .divide,
            let row = firstRow(count: call.rowCount, validity: call.validity, where: { factors[$0] == 0 })
        {
            throw KernelError(.divisionByZero, "division by zero", row: row)
        }
        return try intervalRows(call) { row in
            value(row).scaled(by: call.function == .divide ? 1 / factors[row] : factors[row])
        }
    }

    private static func intervalRows(
        _ call: KernelCall, _ body: (Int) -> Interval?
    ) throws(KernelError) -> Column {
        try call.rows.scalars(.interval) { row throws(KernelError) in
            .interval(try body(row).orThrow(outOfRange(call)))
        }
    }

    /// A date, time or timestamp moved by an interval: first months, then days, then the clock.
    private static func shift(
        _ call: KernelCall, time: Int, interval index: Int, sign: Int64
    ) throws(KernelError) -> Column {
        let type = call.arguments[time].type
        let value = interval(call, index)
        if type == .time {
            let times: Operand<Int64> = call.arguments[time].operand()
            return try call.rows.fixed(.time) { row throws(KernelError) -> Int64? in
                let sum = (times[row] &+ sign &* (value(row).microseconds % perDay)) % perDay
                return sum < 0 ? sum + perDay : sum
            }
        }
        guard type == .date || type.isTimestamp else { throw call.unsupported() }
        let wide = call.result.isTimestamp ? call.result : type == .date ? .timestamp : type
        let perMicrosecond = wide.unitsPerSecond / 1_000_000
        let values: Operand<Int64> = try call.argument(time, as: wide).operand()
        let column = try call.rows.fixed(wide) { row throws(KernelError) -> Int64? in
            try moved(values[row], by: value(row), sign: sign, perMicrosecond: perMicrosecond).orThrow(
                outOfRange(call))
        }
        return try column.cast(to: call.result)
    }

    /// A time, of which `perMicrosecond` make a microsecond; nil when it leaves its range.
    static func moved(
        _ time: Int64, by step: Interval, sign: Int64 = 1, perMicrosecond: Int64
    ) -> Int64? {
        var current = time
        let dayLength = perDay * perMicrosecond
        if step.months != 0 {
            let day = current.floorDivided(by: dayLength)
            let moved = Calendar.addMonths(Int(sign) * Int(step.months), toDay: Int(day))
            let (start, overflow) = Int64(moved).multipliedReportingOverflow(by: dayLength)
            guard !overflow else { return nil }
            let (sum, isOver) = start.addingReportingOverflow(current.floorRemainder(dividingBy: dayLength))
            guard !isOver else { return nil }
            current = sum
        }
        let rest =
            (Int128(step.days) * Int128(perDay) + Int128(step.microseconds)) * Int128(sign * perMicrosecond)
        return Int64(exactly: Int128(current) + rest)
    }

    private static func days(
        _ call: KernelCall, date: Int, number: Int, sign: Int64
    ) throws(KernelError) -> Column {
        let dates: Operand<Int32> = call.arguments[date].operand()
        let numbers = try call.long(number)
        let column = try call.rows.fixed(.date) { row throws(KernelError) -> Int32? in
            let sum = Int128(dates[row]) + Int128(numbers[row]) * Int128(sign)
            return try Int32(exactly: sum).orThrow(outOfRange(call))
        }
        return try column.cast(to: call.result)
    }

    private static func dateAndTime(
        _ call: KernelCall, date: Int, time: Int
    ) throws(KernelError) -> Column {
        let dates: Operand<Int32> = call.arguments[date].operand()
        let times: Operand<Int64> = call.arguments[time].operand()
        let column = try call.rows.fixed(.timestamp) { row throws(KernelError) -> Int64? in
            let sum = Int128(dates[row]) * Int128(perDay) + Int128(times[row])
            return try Int64(exactly: sum).orThrow(outOfRange(call))
        }
        return try column.cast(to: call.result)
    }

    /// Timestamps are so many days and a clock time apart; times only a clock time.
    private static func difference(
        _ call: KernelCall, _ type: DataType, daysApart: Bool
    ) throws(KernelError) -> Column {
        let left: Operand<Int64> = try call.argument(0, as: type).operand()
        let right: Operand<Int64> = try call.argument(1, as: type).operand()
        return try intervalRows(call) { row in
            let (distance, overflow) = left[row].subtractingReportingOverflow(right[row])
            guard !overflow else { return nil }
            guard daysApart else { return Interval(microseconds: distance) }
            guard let days = Int32(exactly: distance / perDay) else { return nil }
            return Interval(days: days, microseconds: distance % perDay)
        }
    }
}

extension Interval {
    /// Nil when a part leaves its range. Fractions of a month become days, fractions of a day become time.
    func scaled(by factor: Double) -> Interval? {
        let exactMonths = Double(months) * factor
        let wholeMonths = exactMonths.rounded(.towardZero)
        let exactDays = Double(days) * factor + (exactMonths - wholeMonths) * 30
        let wholeDays = exactDays.rounded(.towardZero)
        let clock = Double(microseconds) * factor + (exactDays - wholeDays) * 86_400_000_000
        guard let months = Int32(exactly: wholeMonths), let days = Int32(exactly: wholeDays),
            let microseconds = Int64(exactly: clock.rounded())
        else { return nil }
        return Interval(months: months, days: days, microseconds: microseconds)
    }

    func adding(_ other: Interval) -> Interval? {
        let (months, first) = months.addingReportingOverflow(other.months)
        let (days, second) = days.addingReportingOverflow(other.days)
        let (microseconds, third) = microseconds.addingReportingOverflow(other.microseconds)
        return first || second || third
            ? nil : Interval(months: months, days: days, microseconds: microseconds)
    }
}
