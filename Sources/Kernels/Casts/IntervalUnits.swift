import Columnar

/// The units behind an interval's text, `DAY` or `DAY TO SECOND`: what its numbers count, as in PostgreSQL.
///
///     '1.5' HOUR                 01:00:00, what is finer than the last unit is cut off
///     '1-2' YEAR TO MONTH        1 year 2 mons
///     '1:30' MINUTE TO SECOND    00:01:30
///     '1 2' DAY TO HOUR          1 day 02:00:00
package struct IntervalUnits: Sendable {
    private static let fields: [IntervalField] = [.year, .month, .day, .hour, .minute, .second]
    private static let names = ["year", "month", "day", "hour", "minute", "second"]

    let first: IntervalField
    /// What a lone number counts.
    let last: IntervalField

    /// By names in lower case, which the parser let through.
    package init?(from first: String, to last: String?) {
        guard let start = Self.names.firstIndex(of: first), let end = Self.names.firstIndex(of: last ?? first)
        else { return nil }
        (self.first, self.last) = (Self.fields[start], Self.fields[end])
    }

    var isMinutesToSeconds: Bool { first == .minute && last == .second }

    func cut(_ interval: Interval) -> Interval {
        func cut(to unit: Int64) -> Int64 { interval.microseconds / unit * unit }
        let (months, days) = (interval.months, interval.days)
        return switch last {
        case .year: Interval(months: months / 12 * 12, days: 0, microseconds: 0)
        case .month: Interval(months: months, days: 0, microseconds: 0)
        case .day: Interval(months: months, days: days, microseconds: 0)
        case .hour: Interval(months: months, days: days, microseconds: cut(to: IntervalAmounts.hour))
        case .minute: Interval(months: months, days: days, microseconds: cut(to: IntervalAmounts.minute))
        default: interval
        }
    }
}
