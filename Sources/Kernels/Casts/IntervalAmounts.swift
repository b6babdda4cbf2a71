import Columnar
import Foundation

/// Adds up the amounts of an interval's text, exactly but for what is finer than a microsecond.
///
///     0.3 years      rounded to months, 4 mons
///     0.3 months     9 days; of a day, time
///     0.0000015 s    1 microsecond: a half goes towards zero
///
/// - Errors: `nil` from `interval` once a sum went beyond its range.
///
/// Source: AdjustFractYears, AdjustFractDays and AdjustFractMicroseconds of PostgreSQL 15, `datetime.c`.
struct IntervalAmounts {
    /// How many of which part one of a unit is.
    enum Unit {
        case months(Int64)
        case days(Int64)
        case microseconds(Int64)
    }
    static let second: Int64 = 1_000_000
    static let minute = 60 * second
    static let hour = 60 * minute
    static let day = 24 * hour

    private var months: Int64 = 0
    private var days: Int64 = 0
    private var microseconds: Int64 = 0
    private var isOutOfRange = false

    mutating func add(_ number: Number, _ unit: Unit) {
        switch unit {
        case .months(1):
            add(number.whole, to: \.months)
            addDays(number.fraction * 30)
        case .months(let count):
            add(number.whole, times: count, to: \.months)
            // A unit larger than a month is broken into months, never into days.
            add(Int64((number.fraction * Double(count)).rounded(.toNearestOrEven)), to: \.months)
        case .days(let count):
            add(number.whole, times: count, to: \.days)
            addDays(number.fraction * Double(count))
        case .microseconds(let count):
            add(number.whole, times: count, to: \.microseconds)
            addMicroseconds(number.fraction * Double(count))
        }
    }

    /// A clock's time, whose sign is that of all.
    mutating func add(_ clock: IntervalClock) {
        let sign: Int64 = clock.isNegative ? -1 : 1
        add(sign * clock.hours, times: Self.hour, to: \.microseconds)
        add(sign * (clock.minutes * Self.minute + clock.microseconds), to: \.microseconds)
    }

    private mutating func addDays(_ fraction: Double) {
        let whole = fraction.rounded(.towardZero)
        add(Int64(whole), to: \.days)
        addMicroseconds((fraction - whole) * Double(Self.day))
    }

    private mutating func addMicroseconds(_ fraction: Double) {
        let whole = fraction.rounded(.towardZero)
        let rest = fraction - whole
        add(Int64(whole) + (rest > 0.5 ? 1 : rest < -0.5 ? -1 : 0), to: \.microseconds)
    }

    private mutating func add(
        _ number: Int64, times count: Int64 = 1, to part: WritableKeyPath<IntervalAmounts, Int64>
    ) {
        let (product, isTooLarge) = number.multipliedReportingOverflow(by: count)
        let (sum, overflows) = self[keyPath: part].addingReportingOverflow(product)
        self[keyPath: part] = sum
        isOutOfRange = isOutOfRange || isTooLarge || overflows
    }

    mutating func negate() {
        isOutOfRange = isOutOfRange || microseconds == .min || months == .min || days == .min
        (months, days, microseconds) = (0 &- months, 0 &- days, 0 &- microseconds)
    }

    var interval: Interval? {
        guard !isOutOfRange, let months = Int32(exactly: months), let days = Int32(exactly: days) else {
            return nil
        }
        return Interval(months: months, days: days, microseconds: microseconds)
    }

    /// `-12.5`: a whole number, and a fraction of its sign.
    struct Number {
        var whole: Int64
        var fraction: Double

        init(_ whole: Int64, fraction: Double = 0) {
            self.whole = whole
            self.fraction = fraction
        }

        /// A sign, digits, a point and digits; nil without a digit.
        init?(_ text: Substring) {
            let isNegative = text.hasPrefix("-")
            let digits = text.drop { $0 == "-" || $0 == "+" }
            guard text.count - digits.count <= 1,
                digits.utf8.allSatisfy({ $0.isDigit || $0 == UInt8(ascii: ".") }),
                digits.utf8.contains(where: \.isDigit)
            else { return nil }
            let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count <= 2 else { return nil }
            guard let whole = Int64((isNegative ? "-0" : "0") + parts[0]) else { return nil }
            guard let fraction = Double("0." + (parts.count == 2 ? parts[1] : "") + "0") else { return nil }
            self.whole = whole
            self.fraction = isNegative ? -fraction : fraction
        }
    }
}

/// `4:05:06.7`, or `5:06.7`, which are minutes and seconds.
struct IntervalClock {
    var isNegative: Bool
    var hours: Int64
    var minutes: Int64
    /// Of the seconds.
    var microseconds: Int64

    /// Nil where minutes reach 60 or seconds go beyond. `isMinutes`: two numbers are minutes and seconds.
    init?(_ text: Substring, isMinutes: Bool) {
        isNegative = text.hasPrefix("-")
        let digits = text.drop { $0 == "-" || $0 == "+" }
        guard text.count - digits.count <= 1 else { return nil }
        var parts = digits.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count) else { return nil }
        if parts.count == 2, isMinutes || parts[1].contains(".") { parts.insert("0", at: 0) }
        guard let hours = Self.whole(parts[0]), let minutes = Self.whole(parts[1]), minutes < 60,
            let seconds = parts.count == 3 ? IntervalAmounts.Number(parts[2]) : .init(0),
            seconds.whole <= 60, parts.count == 2 || parts[2].first?.isNumber == true
        else { return nil }
        self.hours = hours
        self.minutes = minutes
        microseconds =
            seconds.whole * IntervalAmounts.second
            + Int64((seconds.fraction * 1e6).rounded(.toNearestOrEven))
    }

    private static func whole(_ text: Substring) -> Int64? {
        text.utf8.allSatisfy(\.isDigit) ? Int64(text) : nil
    }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
