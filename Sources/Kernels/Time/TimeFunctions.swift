import Columnar
import Effects

/// Functions over dates, times and timestamps: picks the kernel.
enum TimeFunctions {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        switch call.function {
        case .now: return try constant(call, .long(call.context.now.microseconds), .timestamptz)
        case .currentDate:
            let days = call.context.now.microseconds.floorDivided(by: 86_400_000_000)
            return try constant(call, .int(Int32(truncatingIfNeeded: days)), .date)
        case .currentTime:
            let now = call.context.now.microseconds
            return try constant(
                call, .long(now.floorRemainder(dividingBy: 86_400_000_000)), .time)
        case .dateTruncate: return try DateTruncation.evaluate(call)
        case .dateBin: return try DateBinning.evaluate(call)
        case .datePart: return try DateParts.evaluate(call)
        case .makeDate, .makeTime: return try make(call)
        case .toTimestamp, .toTimestampSeconds, .toTimestampMillis, .toTimestampMicros, .toTimestampNanos,
            .toDate,
            .toTime, .fromUnixTime:
            return try TimeReading.evaluate(call)
        case .toUnixTime: return try toUnixTime(call)
        case .toChar: return try toChar(call)
        case .toLocalTime: return try call.argument(0, as: call.result)
        case .lastDay:
            let days: Operand<Int32> = try call.argument(0, as: .date).operand()
            let items: [Int32] = mapFixed(days, count: call.rowCount) { day in
                let date = CivilDate(daysSinceEpoch: Int(day))
                let last = Calendar.length(ofMonth: date.month, year: date.year)
                return day &+ Int32(truncatingIfNeeded: last - date.day)
            }
            return try Column(.date, count: call.rowCount, .int32(items), validity: call.validity).cast(
                to: call.result)
        case .dateDiff: return try difference(call)
        case .timeZone: return try ZoneShift.evaluate(call)
        case .timeRound: return try TimeRounding.evaluate(call)
        default: throw call.unsupported()
        }
    }

    /// The unit every row names; read once when constant.
    static func unit(_ text: TextOperand, _ row: Int) throws(KernelError) -> TimeUnit {
        let name = text.string(at: row)
        return try TimeUnit(name: name).orThrow(
            KernelError(
                .invalidArgument, "there is no such unit of time; write one like 'hour'",
                ["unit": "'\(name)'"]))
    }

    private static func constant(_ call: KernelCall, _ value: Scalar, _ type: DataType) throws(KernelError)
        -> Column
    {
        try Column.constant(value, type, count: call.rowCount).cast(to: call.result)
    }

    private static func make(_ call: KernelCall) throws(KernelError) -> Column {
        let first = try call.long(0)
        let second = try call.long(1)
        if call.function == .makeDate {
            let third = try call.long(2)
            return try call.rows.fixed(.date) { row throws(KernelError) -> Int32? in
                let (year, month, day) = (first[row], second[row], third[row])
                guard (-262_000...262_000).contains(year), (1...12).contains(month), (1...31).contains(day),
                    case let date = CivilDate(year: Int(year), month: Int(month), day: Int(day)), date.isValid
                else {
                    throw KernelError(
                        .invalidArgument, "there is no such day", ["date": "\(year)-\(month)-\(day)"])
                }
                return Int32(truncatingIfNeeded: date.daysSinceEpoch)
            }
        }
        let seconds = try call.double(2)
        return try call.rows.fixed(.time) { row throws(KernelError) -> Int64? in
            guard (0...23).contains(first[row]), (0...59).contains(second[row]), seconds[row] >= 0,
                seconds[row] < 60
            else {
                throw KernelError(
                    .invalidArgument, "there is no such time of day",
                    ["time": "\(first[row]):\(second[row]):\(seconds[row])"])
            }
            return (first[row] * 3600 + second[row] * 60) * 1_000_000 + Int64((seconds[row] * 1e6).rounded())
        }
    }

    private static func toUnixTime(_ call: KernelCall) throws(KernelError) -> Column {
        let type = call.arguments[0].type
        guard !type.isNumeric else { return try call.wholeNumbers(0, as: call.result) }
        let values: Operand<Int64> = try call.argument(0, as: type.isTimestamp ? type : .timestamptz)
            .operand()
        let units = type.unitsPerSecond
        let items: [Int64] = mapFixed(values, count: call.rowCount) { $0 / units }
        return try Column(.long, count: call.rowCount, .int64(items), validity: call.validity).cast(
            to: call.result)
    }

    private static func toChar(_ call: KernelCall) throws(KernelError) -> Column {
        let type = call.arguments[0].type
        // As they are: a timestamp of nanoseconds would not hold the year 1600.
        let kept: DataType = type == .time || type.isTimestamp ? type : .timestamp
        let values: Operand<Int64> = try call.argument(0, as: kept).operand()
        let units = kept.unitsPerSecond
        let formats = try call.text(1)
        // By bytes: Swift's `==` takes two spellings of é for one.
        var last: (text: [UInt8], format: TimeFormat)?
        return try call.rows.text(call.result) { row, buffer throws(KernelError) in
            let text = formats.isConstant ? last?.text ?? formats.bytes(at: row) : formats.bytes(at: row)
            if last?.text != text { last = (text, try TimeFormat(String(decoding: text, as: UTF8.self))) }
            let fraction = values[row].floorRemainder(dividingBy: units) &* (1_000_000_000 / units)
            try last?.format.append(
                seconds: values[row].floorDivided(by: units), fraction: fraction, isInstant: type.isInstant,
                to: &buffer)
            return true
        }
    }

    /// Borders of the unit between both: from 23:59 to 00:01 is one day.
    private static func difference(_ call: KernelCall) throws(KernelError) -> Column {
        let units = try call.text(0)
        let from: Operand<Int64> = try call.argument(1, as: .timestamp).operand()
        let to: Operand<Int64> = try call.argument(2, as: .timestamp).operand()
        let column = try call.rows.fixed(.long) { row throws(KernelError) -> Int64? in
            let unit = try unit(units, row)
            guard unit != .nanosecond else {
                throw KernelError(.invalidArgument, "the finest unit of a difference is the microsecond")
            }
            func ordinal(_ value: Int64) -> Int64 {
                let day = value.floorDivided(by: 86_400_000_000)
                if let length = unit.microseconds, unit != .week { return value.floorDivided(by: length) }
                if unit == .week { return (day + 3).floorDivided(by: 7) }
                let date = CivilDate(daysSinceEpoch: Int(day))
                return Int64(date.year * 12 + date.month - 1).floorDivided(by: Int64(unit.months ?? 1))
            }
            let (distance, overflow) = ordinal(to[row]).subtractingReportingOverflow(ordinal(from[row]))
            guard !overflow else { throw KernelError(.overflow, "the times are too far apart") }
            return distance
        }
        return try column.cast(to: call.result)
    }
}
