import Columnar
import Effects

/// to_timestamp, to_date and their kin: from text (by ISO 8601 or by given formats), from numbers, from other times.
enum TimeReading {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let source = call.arguments[0].type
        // An instant is the same in every zone; the zone must be one.
        if call.function == .fromUnixTime, call.has(1) { try ZoneShift.check(try call.text(1), call) }
        if source.isText { return try fromText(call) }
        if source.isNumeric { return try fromNumber(call, source) }
        return try cut(try call.argument(0, as: call.result), call)
    }

    /// What one unit of a number is, in nanoseconds.
    private static func unit(_ function: ScalarFunction) -> Int64 {
        switch function {
        case .toTimestampMillis: 1_000_000
        case .toTimestampMicros: 1000
        case .toTimestampNanos: 1
        default: 1_000_000_000
        }
    }

    private static func fromNumber(_ call: KernelCall, _ source: DataType) throws(KernelError) -> Column {
        if call.function == .toDate { return try call.wholeNumbers(0, as: .int).reinterpreted(as: .date) }
        guard call.function != .toTime else { throw call.unsupported() }
        guard call.result.isTimestamp else { throw call.unsupported() }
        let unit = unit(call.function)
        let perUnit = 1_000_000_000 / call.result.unitsPerSecond
        func outOfRange(_ value: some CustomStringConvertible) -> KernelError {
            KernelError(
                .overflow, "the time is out of range", ["value": "\(value)", "type": "\(call.result)"])
        }
        if source.isInteger {
            let values = try call.long(0)
            return try call.rows.fixed(call.result) { row throws(KernelError) -> Int64? in
                let nanoseconds = Int128(values[row]) * Int128(unit)
                let floored = nanoseconds / Int128(perUnit) - (nanoseconds % Int128(perUnit) < 0 ? 1 : 0)
                return try Int64(exactly: floored).orThrow(outOfRange(values[row]))
            }
        }
        let values = try call.double(0)
        let factor = Double(unit) / Double(perUnit)
        // Only to_timestamp keeps parts of its unit.
        let isCut = call.function != .toTimestamp
        return try call.rows.fixed(call.result) { row throws(KernelError) -> Int64? in
            let value = isCut ? values[row].rounded(.towardZero) : values[row]
            return try Int64(exactly: (value * factor).rounded()).orThrow(outOfRange(values[row]))
        }
    }

    /// Times without what is finer than the function's unit: towards 1970, as in DataFusion.
    private static func cut(_ column: Column, _ call: KernelCall) throws(KernelError) -> Column {
        let perSecond = 1_000_000_000 / unit(call.function)
        let isCoarser = call.function != .toTimestamp && perSecond < call.result.unitsPerSecond
        guard call.result.isTimestamp, isCoarser else { return column }
        let step = call.result.unitsPerSecond / perSecond
        let values: Operand<Int64> = column.operand()
        let items: [Int64] = mapFixed(values, count: call.rowCount) { $0 / step * step }
        return Column(
            call.result, count: call.rowCount, .int64(items),
            validity: column.mayHaveNulls ? column.validityBits() : nil)
    }

    private static let perDay: Int128 = 86_400_000_000_000

    /// The day that holds the moment.
    private static func days(_ nanoseconds: Int128) -> Int128 {
        nanoseconds / perDay - (nanoseconds % perDay < 0 ? 1 : 0)
    }

    /// Text without a format: an offset in it is taken off, as in DataFusion. CAST, which is PostgreSQL's, leaves it alone.
    private static func instant(_ call: KernelCall) throws(KernelError) -> Column {
        let column = call.arguments[0]
        switch call.result {
        case .date:
            let text = try call.text(0)
            return try call.rows.fixed(.date) { row throws(KernelError) -> Int32? in
                let parsed = text.withBytes(at: row) {
                    TimeParsing.timestampNanoseconds($0, ignoresZone: false)
                }
                let day = parsed.flatMap { Int32(exactly: days($0)) }
                return try day.orThrow(Cast(to: .date, isTry: false).invalid(text.string(at: row)))
            }
        case .timestamp where call.function != .toTimestamp:
            let text = try call.text(0)
            return try call.rows.fixed(.timestamp) { row throws(KernelError) -> Int64? in
                let parsed = text.withBytes(at: row) {
                    TimeParsing.timestampNanoseconds($0, ignoresZone: false)
                }
                let cast = Cast(to: .timestamptz, isTry: false)
                let nanoseconds = try parsed.orThrow(cast.invalid(text.string(at: row)))
                let unit = Int128(unit(call.function))
                return try Int64(exactly: nanoseconds / unit * (unit / 1000))
                    .orThrow(cast.outOfRange(text.string(at: row)))
            }
        case .timestamp: return try column.cast(to: .timestamptz).cast(to: .timestamp)
        case .timestampNanos: return try column.cast(to: .timestamptzNanos).cast(to: .timestampNanos)
        default: return try column.cast(to: call.result)
        }
    }

    private static func fromText(_ call: KernelCall) throws(KernelError) -> Column {
        guard call.has(1) else { return try instant(call) }
        let text = try call.text(0)
        var formats: [TextOperand] = []
        for index in 1..<call.arguments.count { formats.append(try call.text(index)) }
        // By bytes: Swift's `==` takes two spellings of é for one.
        var compiled: [[UInt8]: TimeFormat] = [:]
        func format(_ operand: TextOperand, _ row: Int) throws(KernelError) -> TimeFormat {
            let pattern = operand.bytes(at: row)
            if let known = compiled[pattern] { return known }
            let made = try TimeFormat(String(decoding: pattern, as: UTF8.self))
            compiled[pattern] = made
            return made
        }
        func nanoseconds(_ row: Int) throws(KernelError) -> Int128 {
            for operand in formats {
                let format = try format(operand, row)
                if let value = text.withBytes(at: row, { format.read($0) }) { return value }
            }
            throw KernelError(
                .invalidCast, "the text fits none of the formats",
                [
                    "value": "'\(text.string(at: row).prefix(100))'",
                    "format": "'\(formats[0].string(at: row).prefix(100))'",
                ])
        }
        func fitting(_ value: Int128, _ row: Int) throws(KernelError) -> Int64 {
            try Int64(exactly: value).orThrow(
                KernelError(
                    .overflow, "the time is out of range", ["value": "'\(text.string(at: row).prefix(100))'"])
            )
        }
        switch call.result {
        case .date:
            return try call.rows.fixed(.date) { row throws(KernelError) -> Int32? in
                return Int32(truncatingIfNeeded: days(try nanoseconds(row)))
            }
        case .time:
            return try call.rows.fixed(.time) { row throws(KernelError) -> Int64? in
                let value = try nanoseconds(row) % perDay
                return try fitting((value < 0 ? value + perDay : value) / 1000, row)
            }
        default:
            let perUnit = Int128(1_000_000_000 / call.result.unitsPerSecond)
            let unit = Int128(unit(call.function))
            return try call.rows.fixed(call.result) { row throws(KernelError) -> Int64? in
                let value = try nanoseconds(row)
                return try fitting(
                    call.function == .toTimestamp
                        ? DecimalMath.divideRounding(value, perUnit) : value / unit * unit / perUnit, row)
            }
        }
    }
}
