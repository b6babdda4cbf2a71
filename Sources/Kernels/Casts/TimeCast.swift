import Columnar
import Effects

/// Casts between dates, times and timestamps. Sessions are UTC, so a zone changes nothing but the type.
struct TimeCast {
    private let cast: Cast
    private var target: DataType { cast.target }

    init(_ cast: Cast) { self.cast = cast }

    func evaluate(_ column: Column) throws(KernelError) -> Column {
        let count = column.count
        if column.type == .date {
            guard target.isTimestamp else { throw cast.unsupported(column.type) }
            let items = cast.items(column, Int32.self)
            let perDay = 86_400 * target.unitsPerSecond
            return try cast.rows(column).fixed(target) { row throws(KernelError) -> Int64? in
                let (value, overflow) = Int64(items[row]).multipliedReportingOverflow(by: perDay)
                if overflow { throw cast.outOfRange("\(items[row]) days") }
                return value
            }
        }
        if column.type == .int, target == .date { return column.reinterpreted(as: .date) }
        guard column.type.isTimestamp else { throw cast.unsupported(column.type) }
        let items: Operand<Int64> = .flat(cast.items(column, Int64.self))
        let units = column.type.unitsPerSecond
        switch target {
        case .date:
            let days = mapFixed(items, count: count) {
                Int32(truncatingIfNeeded: $0.floorDivided(by: 86_400 * units))
            }
            return Column(.date, count: count, .int32(days), validity: column.validity)
        case .time:
            let perMicrosecond = units / 1_000_000
            let times = mapFixed(items, count: count) { value in
                value.floorRemainder(dividingBy: 86_400 * units) / perMicrosecond
            }
            return Column(.time, count: count, .int64(times), validity: column.validity)
        default:
            let newUnits = target.unitsPerSecond
            if newUnits == units { return column.reinterpreted(as: target) }
            if newUnits < units {
                let result = mapFixed(items, count: count) { $0.floorDivided(by: 1000) }
                return Column(target, count: count, .int64(result), validity: column.validity)
            }
            return try cast.rows(column).fixed(target) { row throws(KernelError) -> Int64? in
                let (value, overflow) = items[row].multipliedReportingOverflow(by: 1000)
                if overflow { throw cast.outOfRange("\(items[row]) microseconds") }
                return value
            }
        }
    }
}

extension DataType {
    /// Parts of a second a timestamp or time counts.
    var unitsPerSecond: Int64 {
        self == .timestampNanos || self == .timestamptzNanos ? 1_000_000_000 : 1_000_000
    }
    var isInstant: Bool { self == .timestamptz || self == .timestamptzNanos }
}
