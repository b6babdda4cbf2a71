import Columnar
import Effects

/// date_trunc: rounds down to a unit. Weeks begin on Monday.
enum DateTruncation {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let units = try call.text(0)
        let source = call.arguments[1].type
        if source == .interval { return try intervals(call, units) }
        let type: DataType = source.isTimestamp || source == .time ? source : .timestamp
        let values: Operand<Int64> = try call.argument(1, as: type).operand()
        let perMicrosecond = type.unitsPerSecond / 1_000_000
        let items: [Int64]
        if units.isConstant, call.rowCount > 0 {
            let unit = try TimeFunctions.unit(units, 0)
            items = mapFixed(values, count: call.rowCount) { truncate($0, to: unit, perMicrosecond) }
        } else {
            var result: [Int64] = []
            let validity = call.validity
            for row in 0..<call.rowCount {
                guard validity?[row] ?? true else {
                    result.append(0)
                    continue
                }
                result.append(truncate(values[row], to: try TimeFunctions.unit(units, row), perMicrosecond))
            }
            items = result
        }
        return try Column(type, count: call.rowCount, .int64(items), validity: call.validity).cast(
            to: call.result)
    }

    @inline(__always)
    private static func truncate(_ value: Int64, to unit: TimeUnit, _ perMicrosecond: Int64) -> Int64 {
        if unit != .week, let length = unit.microseconds {
            let step = length &* perMicrosecond
            return value.floorDivided(by: step) &* step
        }
        guard unit != .nanosecond else { return value }
        let perDay = 86_400_000_000 &* perMicrosecond
        let day = Int(value.floorDivided(by: perDay))
        return Int64(unit.start(ofDay: day)) &* perDay
    }

    private static func intervals(_ call: KernelCall, _ units: TextOperand) throws(KernelError) -> Column {
        let column = call.arguments[1]
        return try call.rows.scalars(.interval) { row throws(KernelError) in
            guard case .interval(let value) = column.scalar(at: row) else { return .null }
            let unit = try TimeFunctions.unit(units, row)
            if let months = unit.months {
                return .interval(Interval(months: value.months / Int32(months) * Int32(months)))
            }
            guard unit != .week, let length = unit.microseconds else { throw call.unsupported() }
            if unit == .day { return .interval(Interval(months: value.months, days: value.days)) }
            return .interval(
                Interval(
                    months: value.months, days: value.days, microseconds: value.microseconds / length * length
                ))
        }
    }
}
