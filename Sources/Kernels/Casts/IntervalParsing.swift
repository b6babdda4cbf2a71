package import Columnar
import Foundation

/// Reads intervals: `1 year 2 mons -3 days 04:05:06.7`, `2 hours`, `90` (seconds), `1-2` (years and months), `3 04:05:06`,
/// `P1Y2M3DT4H5M6.7S`, `P0001-02-03T04:05:06`.
package enum IntervalParsing {
    private static let units: [String: (months: Double, days: Double, microseconds: Double)] = {
        var units: [String: (months: Double, days: Double, microseconds: Double)] = [:]
        func add(_ names: [String], _ unit: (Double, Double, Double)) {
            for name in names { units[name] = (months: unit.0, days: unit.1, microseconds: unit.2) }
        }
        add(["millennium", "millennia", "millenniums"], (12_000, 0, 0))
        add(["century", "centuries"], (1200, 0, 0))
        add(["decade", "decades"], (120, 0, 0))
        add(["year", "years", "y", "yr", "yrs"], (12, 0, 0))
        add(["quarter", "quarters"], (3, 0, 0))
        add(["month", "months", "mon", "mons"], (1, 0, 0))
        add(["week", "weeks", "w"], (0, 7, 0))
        add(["day", "days", "d"], (0, 1, 0))
        add(["hour", "hours", "h", "hr", "hrs"], (0, 0, 3.6e9))
        add(["minute", "minutes", "m", "min", "mins"], (0, 0, 6e7))
        add(["second", "seconds", "s", "sec", "secs"], (0, 0, 1e6))
        add(["millisecond", "milliseconds", "ms", "msec", "msecs"], (0, 0, 1e3))
        add(["microsecond", "microseconds", "us", "usec", "usecs"], (0, 0, 1))
        return units
    }()

    package static func interval(_ text: String) -> Interval? {
        var trimmed = text.trimmingCharacters(in: .whitespaces)
        // PostgreSQL's verbose form.
        if trimmed.hasPrefix("@") { trimmed.removeFirst() }
        if trimmed.hasPrefix("P") || trimmed.hasPrefix("p") { return iso(trimmed.dropFirst()) }
        var sum = Parts()
        var words = split(trimmed.lowercased())[...]
        var isAgo = false
        var found = false
        var hasClock = false
        while let word = words.popFirst() {
            if word == "ago", words.isEmpty {
                isAgo = true
            } else if word.contains(":") {
                guard !hasClock, let microseconds = clock(word) else { return nil }
                sum.microseconds += microseconds
                hasClock = true
                found = true
            } else if let months = yearsAndMonths(word) {
                sum.months += months
                found = true
            } else if let number = Double(word) {
                guard let name = words.first else {
                    // A bare number at the end counts seconds, which a clock has already.
                    if hasClock { return nil }
                    sum.microseconds += number * 1e6
                    found = true
                    break
                }
                if name.contains(":") {
                    // A bare number before a clock counts days.
                    sum.add(number, (0, 1, 0))
                    found = true
                    continue
                }
                words.removeFirst()
                guard let unit = units[name] else { return nil }
                sum.add(number, unit)
                found = true
            } else {
                return nil
            }
        }
        return found && words.isEmpty ? sum.interval(negated: isAgo) : nil
    }

    /// Whole and broken amounts; fractions of a month become days, fractions of a day become time.
    private struct Parts {
        var months = 0.0
        var days = 0.0
        var microseconds = 0.0

        mutating func add(_ number: Double, _ unit: (months: Double, days: Double, microseconds: Double)) {
            let exactMonths = number * unit.months
            let wholeMonths = exactMonths.rounded(.towardZero)
            months += wholeMonths
            let exactDays = number * unit.days + (exactMonths - wholeMonths) * 30
            let wholeDays = exactDays.rounded(.towardZero)
            days += wholeDays
            microseconds += number * unit.microseconds + (exactDays - wholeDays) * 8.64e10
        }

        func interval(negated: Bool) -> Interval? {
            let sign = negated ? -1.0 : 1.0
            guard let months = Int32(exactly: sign * months), let days = Int32(exactly: sign * days),
                let microseconds = Int64(exactly: (sign * microseconds).rounded())
            else { return nil }
            return Interval(months: months, days: days, microseconds: microseconds)
        }
    }

    /// Splits at spaces and between a number and the letters after it: `3d` is `3`, `d`.
    private static func split(_ text: String) -> [String] {
        text.split(whereSeparator: \.isWhitespace).flatMap { word -> [String] in
            guard let letters = word.firstIndex(where: \.isLetter), letters > word.startIndex,
                word[..<letters].last?.isNumber == true
            else { return [String(word)] }
            return [String(word[..<letters]), String(word[letters...])]
        }
    }

    /// `[-]h:mm[:ss[.fff]]` in microseconds.
    private static func clock(_ word: String) -> Double? {
        let isNegative = word.hasPrefix("-")
        let parts = word.drop { $0 == "-" || $0 == "+" }.split(
            separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let hours = UInt32(parts[0]), let minutes = UInt32(parts[1]),
            minutes < 60
        else { return nil }
        var seconds = 0.0
        if parts.count == 3 {
            guard let value = Double(parts[2]), value >= 0, value < 61 else { return nil }
            seconds = value
        }
        let total = (Double(hours) * 3600 + Double(minutes) * 60 + seconds) * 1e6
        return isNegative ? -total : total
    }

    /// `1-2`, `-1-2`: the sign is that of both.
    private static func yearsAndMonths(_ word: String) -> Double? {
        let digits = word.drop { $0 == "-" || $0 == "+" }
        let parts = digits.split(separator: "-", omittingEmptySubsequences: false)
        guard word.count - digits.count <= 1, parts.count == 2, let years = UInt32(parts[0]),
            let months = UInt32(parts[1]), months < 12
        else { return nil }
        let total = Double(years) * 12 + Double(months)
        return word.hasPrefix("-") ? -total : total
    }

    /// `0001-02-03T04:05:06`, each part as a number of its unit; nil for another form.
    private static func isoDate(_ text: Substring) -> Interval? {
        let halves = text.uppercased().split(separator: "T", omittingEmptySubsequences: false)
        let date = halves[0].split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
        guard halves.count <= 2, date.count == 3, let years = date[0], let months = date[1],
            let days = date[2]
        else { return nil }
        var sum = Parts(months: Double(years) * 12 + Double(months), days: Double(days))
        if halves.count == 2 {
            guard let microseconds = clock(String(halves[1])) else { return nil }
            sum.microseconds = microseconds
        }
        return sum.interval(negated: false)
    }

    private static func iso(_ text: Substring) -> Interval? {
        if let interval = isoDate(text) { return interval }
        var sum = Parts()
        var isTime = false
        var number = ""
        var found = false
        for character in text {
            if character == "T" || character == "t" {
                guard number.isEmpty else { return nil }
                isTime = true
            } else if character.isLetter {
                guard let value = Double(number) else { return nil }
                number = ""
                found = true
                let name = character.lowercased()
                let unit = name == "m" ? (isTime ? "minute" : "month") : name
                guard ["y", "month", "w", "d", "h", "minute", "s"].contains(unit), let amount = units[unit]
                else {
                    return nil
                }
                sum.add(value, amount)
            } else {
                number.append(character)
            }
        }
        return found && number.isEmpty ? sum.interval(negated: false) : nil
    }
}
