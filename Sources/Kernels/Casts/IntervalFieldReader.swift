import Columnar

/// Reads an interval's words from the last to the first: the unit stands behind its number, and so it is known before.
///
///     1 year 2 mons 3 04:05:06     <- clock, so 3 are days, 2 mons, 1 year
///
/// Source: ParseDateTime and DecodeInterval of PostgreSQL 15, `datetime.c`.
struct IntervalFieldReader {
    /// Units as they are written; no unit may come twice.
    private static let names: [String: IntervalField] = {
        var names: [String: IntervalField] = [:]
        func add(_ field: IntervalField, _ words: String...) {
            for word in words { names[word] = field }
        }
        add(.millennium, "millennium", "millennia", "millenniums", "mil", "mils")
        add(.century, "century", "centuries", "cent", "c")
        add(.decade, "decade", "decades", "dec", "decs")
        add(.year, "year", "years", "y", "yr", "yrs")
        add(.quarter, "quarter", "quarters", "qtr")
        add(.month, "month", "months", "mon", "mons")
        add(.week, "week", "weeks", "w")
        add(.day, "day", "days", "d")
        add(.hour, "hour", "hours", "h", "hr", "hrs")
        add(.minute, "minute", "minutes", "m", "min", "mins")
        add(.second, "second", "seconds", "s", "sec", "secs")
        add(
            .millisecond, "millisecond", "milliseconds", "ms", "msec", "msecs", "msecond", "mseconds")
        add(
            .microsecond, "microsecond", "microseconds", "us", "usec", "usecs", "usecond", "useconds")
        return names
    }()

    private let units: IntervalUnits?
    private var amounts = IntervalAmounts()
    private var found: Set<IntervalField> = []
    /// Of the number before: named by the word behind it, or by what stands there.
    private var field: IntervalField?
    private var isNamed = false

    static func amounts(_ text: String, of units: IntervalUnits?) -> IntervalAmounts? {
        guard var words = words(text.lowercased()) else { return nil }
        var reader = IntervalFieldReader(units: units)
        let isAgo = words.last == "ago"
        if isAgo { words.removeLast() }
        for word in words.reversed() where !reader.read(word) { return nil }
        if reader.isNamed || reader.found.isEmpty { return nil }
        if isAgo { reader.amounts.negate() }
        return reader.amounts
    }

    private init(units: IntervalUnits?) { self.units = units }

    private mutating func read(_ word: Substring) -> Bool {
        if let name = Self.names[String(word)] {
            if isNamed { return false }
            (field, isNamed) = (name, true)
            return true
        }
        if word.contains(":") {
            let isMinutes = units?.isMinutesToSeconds ?? false
            guard !isNamed || field?.isOfClock == true, let clock = IntervalClock(word, isMinutes: isMinutes),
                note([.hour, .minute, .second, .millisecond, .microsecond])
            else { return false }
            amounts.add(clock)
            (field, isNamed) = (.day, false)
            return true
        }
        if let months = Self.yearsAndMonths(word) {
            guard note([.month]) else { return false }
            amounts.add(.init(months), .months(1))
            (field, isNamed) = (.month, false)
            return true
        }
        guard let number = IntervalAmounts.Number(word) else { return false }
        let counted = field ?? units?.last ?? .second
        var fields: Set<IntervalField> = [counted]
        // Seconds with a fraction have milliseconds and microseconds in them.
        if counted == .second, number.fraction != 0 { fields.formUnion([.millisecond, .microsecond]) }
        guard note(fields) else { return false }
        amounts.add(number, counted.unit)
        // `1 2` hours: a number before hours counts days.
        (field, isNamed) = (counted == .hour ? .day : counted, false)
        return true
    }

    private mutating func note(_ fields: Set<IntervalField>) -> Bool {
        defer { found.formUnion(fields) }
        return found.isDisjoint(with: fields)
    }

    /// `1-2`, `-1-2`: the sign is that of both.
    private static func yearsAndMonths(_ word: Substring) -> Int64? {
        let digits = word.drop { $0 == "-" || $0 == "+" }
        let parts = digits.split(separator: "-", omittingEmptySubsequences: false)
        guard word.count - digits.count <= 1, parts.count == 2,
            parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(\.isDigit) }),
            let years = Int32(parts[0]), let months = Int32(parts[1]), months < 12
        else { return nil }
        let total = Int64(years) * 12 + Int64(months)
        return word.hasPrefix("-") ? -total : total
    }

    /// Divides at spaces and commas, behind numbers (`3d`), and behind units of one letter (`1h2m`); a sign may stand before spaces.
    ///
    /// Nil for a sign with no number behind it.
    private static func words(_ text: String) -> [Substring]? {
        var words: [Substring] = []
        var rest = text[...]
        while let first = rest.first {
            if first.isWhitespace || first == "," || first == "@" {
                rest = rest.dropFirst()
            } else if first == "-" || first == "+" {
                let number = rest.dropFirst().drop(while: \.isWhitespace)
                guard number.first?.isNumber == true else { return nil }
                let digits = number.prefix(while: isOfNumber)
                words.append(Substring(first == "-" ? "-" : "+") + digits)
                rest = rest[digits.endIndex...]
            } else if isOfNumber(first) {
                let digits = rest.prefix(while: isOfNumber)
                words.append(digits)
                rest = rest[digits.endIndex...]
            } else {
                let letters = rest.prefix(while: \.isLetter)
                rest = rest[letters.endIndex...]
                // As in PostgreSQL, `1day2hours` is no interval: longer words go on into what follows.
                let isApart = letters.count == 1 || letters == "mon"
                guard !letters.isEmpty, isApart || !(rest.first.map(isOfNumber) ?? false) else { return nil }
                words.append(letters)
            }
        }
        return words
    }

    private static func isOfNumber(_ character: Character) -> Bool {
        character.isNumber || character == "." || character == ":" || character == "-"
    }
}

/// A unit of an interval's text.
enum IntervalField: Int, Sendable {
    case millennium, century, decade, year, quarter, month, week, day, hour, minute, second, millisecond,
        microsecond

    var unit: IntervalAmounts.Unit {
        switch self {
        case .millennium: .months(12_000)
        case .century: .months(1200)
        case .decade: .months(120)
        case .year: .months(12)
        case .quarter: .months(3)
        case .month: .months(1)
        case .week: .days(7)
        case .day: .days(1)
        case .hour: .microseconds(IntervalAmounts.hour)
        case .minute: .microseconds(IntervalAmounts.minute)
        case .second: .microseconds(IntervalAmounts.second)
        case .millisecond: .microseconds(1000)
        case .microsecond: .microseconds(1)
        }
    }

    /// Whether a clock before it is one of this unit: `1:30 minute`.
    fileprivate var isOfClock: Bool { self == .hour || self == .minute || self == .second }
}
