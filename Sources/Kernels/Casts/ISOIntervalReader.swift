/// Reads ISO 8601's durations: with designators, or in the alternative format, as a date and a time are written.
///
///     P1Y2M3DT4H5M6S     P1W     P1.5Y     P-1Y2M
///     P0001-02-03T04:05:06       P00010203T040506       PT04:05
///
/// Source: DecodeISO8601Interval of PostgreSQL 15, `datetime.c`; ISO 8601-1:2019, 5.5.2.
struct ISOIntervalReader {
    private var rest: Substring
    private var amounts = IntervalAmounts()

    static func amounts(_ text: String) -> IntervalAmounts? {
        guard text.utf8.count > 1 else { return nil }
        var reader = ISOIntervalReader(rest: text.dropFirst())
        let halves = reader.rest.split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
        guard reader.read(halves[0], separator: "-", basicDigits: [4, 2, 2], Self.dateUnits) else {
            return nil
        }
        if halves.count == 2 {
            guard reader.read(halves[1], separator: ":", basicDigits: [2, 2, 2], Self.timeUnits) else {
                return nil
            }
        }
        return reader.amounts
    }

    /// By their designators; those of the alternative format, which has no weeks, in its order.
    private static let dateUnits: [(Character, IntervalField)] = [
        ("Y", .year), ("M", .month), ("D", .day), ("W", .week),
    ]
    private static let timeUnits: [(Character, IntervalField)] = [
        ("H", .hour), ("M", .minute), ("S", .second),
    ]

    /// One half; false when it is none.
    private mutating func read(
        _ half: Substring, separator: Character, basicDigits: [Int], _ units: [(Character, IntervalField)]
    ) -> Bool {
        rest = half
        var isFirst = true
        while !rest.isEmpty {
            let digits = number()
            guard let value = IntervalAmounts.Number(digits) else { return false }
            if let name = rest.first, let unit = units.first(where: { $0.0 == name }) {
                rest = rest.dropFirst()
                amounts.add(value, unit.1.unit)
                isFirst = false
                continue
            }
            // Nothing of the alternative format stands beside designators.
            guard isFirst else { return false }
            if rest.isEmpty, readBasic(digits, basicDigits, units) { return true }
            return readExtended(value, separator, units)
        }
        return true
    }

    /// `00010203`, with a fraction of the last part; false when it has another number of digits.
    private mutating func readBasic(
        _ digits: Substring, _ basicDigits: [Int], _ units: [(Character, IntervalField)]
    ) -> Bool {
        let isNegative = digits.hasPrefix("-")
        var left = isNegative ? digits.dropFirst() : digits
        guard left.prefix(while: { $0 != "." }).count == basicDigits.reduce(0, +) else { return false }
        for (place, count) in basicDigits.enumerated() {
            let part = place + 1 == basicDigits.count ? left : left.prefix(count)
            left = left.dropFirst(part.count)
            guard let value = IntervalAmounts.Number((isNegative ? "-" : "") + part) else { return false }
            amounts.add(value, units[place].1.unit)
        }
        return true
    }

    /// `1-2-3`, as many parts as there are.
    private mutating func readExtended(
        _ first: IntervalAmounts.Number, _ separator: Character, _ units: [(Character, IntervalField)]
    ) -> Bool {
        amounts.add(first, units[0].1.unit)
        for unit in units[1..<3] {
            if rest.isEmpty { return true }
            guard rest.first == separator else { return false }
            rest = rest.dropFirst()
            guard let value = IntervalAmounts.Number(number()) else { return false }
            amounts.add(value, unit.1.unit)
        }
        return rest.isEmpty
    }

    /// A sign, digits, a point.
    private mutating func number() -> Substring {
        let sign = rest.prefix { $0 == "-" }.prefix(1)
        let digits = rest[sign.endIndex...].prefix { $0.isNumber || $0 == "." }
        defer { rest = rest[digits.endIndex...] }
        return rest[..<digits.endIndex]
    }
}
