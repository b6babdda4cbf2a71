import Columnar
import Effects

/// A unit of calendar or clock, by its SQL name.
enum TimeUnit: String, CaseIterable {
    case nanosecond, microsecond, millisecond, second, minute, hour, day, week, month, quarter, year, decade,
        century
    case millennium

    /// Nil for names that are no unit. Plurals and case do not matter.
    init?(name: String) {
        var word = name.lowercased()
        switch word {
        case "centuries": word = "century"
        case "millennia": word = "millennium"
        default: if word.hasSuffix("s") { word.removeLast() }
        }
        self.init(rawValue: word)
    }

    /// Microseconds, for units of fixed length up to a week; nil for the others.
    var microseconds: Int64? {
        switch self {
        case .microsecond: 1
        case .millisecond: 1000
        case .second: 1_000_000
        case .minute: 60_000_000
        case .hour: 3_600_000_000
        case .day: 86_400_000_000
        case .week: 604_800_000_000
        default: nil
        }
    }

    var months: Int? {
        switch self {
        case .month: 1
        case .quarter: 3
        case .year: 12
        case .decade: 120
        case .century: 1200
        case .millennium: 12_000
        default: nil
        }
    }

    /// The day on which the unit around `days` begins. Weeks begin on Monday, centuries in year 1.
    func start(ofDay days: Int) -> Int {
        if self == .week { return days - Calendar.weekday(days) }
        guard months != nil else { return days }
        let date = CivilDate(daysSinceEpoch: days)
        func year(_ step: Int, _ first: Int) -> Int {
            let offset = date.year - first
            return first + (offset >= 0 ? offset / step : -((step - 1 - offset) / step)) * step
        }
        return switch self {
        case .month: CivilDate(year: date.year, month: date.month, day: 1).daysSinceEpoch
        case .quarter: CivilDate(year: date.year, month: (date.month - 1) / 3 * 3 + 1, day: 1).daysSinceEpoch
        case .decade: CivilDate(year: year(10, 0), month: 1, day: 1).daysSinceEpoch
        case .century: CivilDate(year: year(100, 1), month: 1, day: 1).daysSinceEpoch
        case .millennium: CivilDate(year: year(1000, 1), month: 1, day: 1).daysSinceEpoch
        default: CivilDate(year: date.year, month: 1, day: 1).daysSinceEpoch
        }
    }
}

/// Calendar arithmetic on days since 1970-01-01.
enum Calendar {
    /// Monday is 0.
    static func weekday(_ days: Int) -> Int {
        let shifted = (days + 3) % 7
        return shifted < 0 ? shifted + 7 : shifted
    }

    static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The 31st of a month that has none becomes its last day.
    static func addMonths(_ months: Int, toDay days: Int) -> Int {
        let date = CivilDate(daysSinceEpoch: days)
        let total = date.year * 12 + date.month - 1 + months
        let year = total >= 0 ? total / 12 : -((11 - total) / 12)
        let month = total - year * 12 + 1
        let day = min(date.day, length(ofMonth: month, year: year))
        return CivilDate(year: year, month: month, day: day).daysSinceEpoch
    }

    /// ISO 8601 week and the year it belongs to.
    static func isoWeek(_ days: Int) -> (year: Int, week: Int) {
        // The week belongs to the year of its Thursday.
        let thursday = days - weekday(days) + 3
        let year = CivilDate(daysSinceEpoch: thursday).year
        let first = CivilDate(year: year, month: 1, day: 1).daysSinceEpoch
        return (year, (thursday - first) / 7 + 1)
    }
}
