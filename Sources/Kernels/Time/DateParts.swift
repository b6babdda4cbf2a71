import Columnar
import Effects

/// date_part and EXTRACT: one field of a time. Whole fields are computed as integers, the others as doubles.
enum DateParts {
    private enum Part: String {
        case year, quarter, month, week, day, hour, minute, second, decade, century, millennium, epoch
        case millisecond, microsecond, nanosecond
        case dayOfYear = "doy"
        case dayOfWeek = "dow"
        case isoDayOfWeek = "isodow"
        case isoYear = "isoyear"
        case julian

        init?(name: String) {
            let word = name.lowercased()
            if let part = Part(rawValue: word) {
                self = part
                return
            }
            switch word {
            case "dayofyear": self = .dayOfYear
            case "dayofweek", "weekday": self = .dayOfWeek
            case "isodayofweek": self = .isoDayOfWeek
            default:
                guard let unit = TimeUnit(name: word), let part = Part(rawValue: unit.rawValue) else {
                    return nil
                }
                self = part
            }
        }

        var isFraction: Bool { self == .second || self == .epoch || self == .millisecond || self == .julian }
    }

    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let names = try call.text(0)
        let source = call.arguments[1].type
        if source == .interval { return try intervals(call, names) }
        let type: DataType = source.isTimestamp || source == .time ? source : .timestamp
        let values: Operand<Int64> = try call.argument(1, as: type).operand()
        let units = type.unitsPerSecond
        if names.isConstant, call.rowCount > 0 {
            let part = try part(names, 0)
            if part.isFraction, !call.result.isInteger {
                let items: [Double] = mapFixed(values, count: call.rowCount) { fraction(part, $0, units) }
                return try finish(call, .double, .double(items))
            }
            let items: [Int64] = mapFixed(values, count: call.rowCount) { whole(part, $0, units) }
            return try finish(call, .long, .int64(items))
        }
        let column = try call.rows.fixed(.double) { row throws(KernelError) -> Double? in
            fraction(try part(names, row), values[row], units)
        }
        return try column.cast(to: call.result)
    }

    private static func finish(
        _ call: KernelCall, _ type: DataType, _ values: ColumnValues
    ) throws(KernelError) -> Column {
        try Column(type, count: call.rowCount, values, validity: call.validity).cast(to: call.result)
    }

    private static func part(_ names: TextOperand, _ row: Int) throws(KernelError) -> Part {
        let name = names.string(at: row)
        return try Part(name: name).orThrow(
            KernelError(.invalidArgument, "a time has no such part", ["part": "'\(name)'"]))
    }

    private static func fraction(_ part: Part, _ value: Int64, _ units: Int64) -> Double {
        let scale = Double(units)
        let inMinute = value.floorRemainder(dividingBy: 60 * units)
        return switch part {
        case .second: Double(inMinute) / scale
        case .millisecond: Double(inMinute) * 1000 / scale
        case .epoch: Double(value) / scale
        case .julian: Double(value) / scale / 86_400 + 2_440_588
        default: Double(whole(part, value, units))
        }
    }

    @inline(__always)
    private static func whole(_ part: Part, _ value: Int64, _ units: Int64) -> Int64 {
        let perDay = 86_400 &* units
        let days = value.floorDivided(by: perDay)
        let clock = value.floorRemainder(dividingBy: perDay)
        switch part {
        case .hour: return clock / (3600 &* units)
        case .minute: return clock / (60 &* units) % 60
        case .second: return clock / units % 60
        case .millisecond: return clock % (60 &* units) / (units / 1000)
        case .microsecond: return clock % (60 &* units) / (units / 1_000_000)
        case .nanosecond: return clock % (60 &* units) &* (1_000_000_000 / units)
        case .epoch: return value.floorDivided(by: units)
        case .dayOfWeek: return Int64((Calendar.weekday(Int(days)) + 1) % 7)
        case .isoDayOfWeek: return Int64(Calendar.weekday(Int(days)) + 1)
        case .julian: return days + 2_440_588
        case .week: return Int64(Calendar.isoWeek(Int(days)).week)
        case .isoYear: return Int64(Calendar.isoWeek(Int(days)).year)
        default: break
        }
        let date = CivilDate(daysSinceEpoch: Int(days))
        let year = Int64(date.year)
        return switch part {
        case .year: year
        case .quarter: Int64((date.month - 1) / 3 + 1)
        case .month: Int64(date.month)
        case .day: Int64(date.day)
        case .dayOfYear: days - Int64(CivilDate(year: date.year, month: 1, day: 1).daysSinceEpoch) + 1
        case .decade: year.floorDivided(by: 10)
        case .century: year > 0 ? (year + 99) / 100 : (year - 99) / 100
        default: year > 0 ? (year + 999) / 1000 : (year - 999) / 1000
        }
    }

    private static func intervals(_ call: KernelCall, _ names: TextOperand) throws(KernelError) -> Column {
        let column = call.arguments[1]
        let parts = try call.rows.fixed(.double) { row throws(KernelError) -> Double? in
            guard case .interval(let value) = column.scalar(at: row) else { return nil }
            let seconds = Double(value.microseconds) / 1e6
            switch try part(names, row) {
            case .millennium: return Double(value.months / 12_000)
            case .century: return Double(value.months / 1200)
            case .decade: return Double(value.months / 120)
            case .year: return Double(value.months / 12)
            case .quarter: return Double(value.months % 12 / 3 + 1)
            case .month: return Double(value.months % 12)
            case .week: return Double(value.days / 7)
            case .day: return Double(value.days)
            case .hour: return Double(value.microseconds / 3_600_000_000)
            case .minute: return Double(value.microseconds / 60_000_000 % 60)
            case .second: return Double(value.microseconds % 60_000_000) / 1e6
            case .millisecond: return Double(value.microseconds % 60_000_000) / 1e3
            case .microsecond: return Double(value.microseconds % 60_000_000)
            case .epoch:
                // PostgreSQL counts a year as 365.25 days and a month as 30.
                return Double(value.months / 12) * 31_557_600 + Double(value.months % 12) * 2_592_000
                    + Double(value.days) * 86_400 + seconds
            default: throw call.unsupported()
            }
        }
        return try parts.cast(to: call.result)
    }
}
