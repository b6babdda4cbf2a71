/// The units behind an interval's text, `DAY TO SECOND`: what its numbers count, as in PostgreSQL.
///
///     '1-2' YEAR TO MONTH        1 years 2 months
///     '1:30' MINUTE TO SECOND    0:1:30
///     '1 2' DAY TO HOUR          1 days 2 hours
///
/// A lone number counts the last unit, two numbers with a colon are hours and minutes where seconds are not all there is, and
/// what is finer than the last unit is cut off.
struct IntervalQualifier {
    private static let units = ["year", "month", "day", "hour", "minute", "second"]

    private let first: Int
    private let last: Int

    /// Nil for units that do not go together.
    init?(from first: String, to last: String) {
        guard let first = Self.units.firstIndex(of: first), let last = Self.units.firstIndex(of: last),
            first < last, first == 0 ? last == 1 : first > 1
        else { return nil }
        self.first = first
        self.last = last
    }

    /// The same with units that the text names itself; nil when the text is not of these units.
    func named(_ text: String) -> String? {
        var words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        if text.contains(where: \.isLetter) { return isNamed(words) ? text : nil }
        guard (1...2).contains(words.count) else { return nil }
        let end = words.removeLast()
        if first == 0 { return words.isEmpty ? months(end) : nil }
        guard let days = words.first else { return clock(end) ?? amount(end) }
        guard Self.isNumber(days) else { return nil }
        // A lone number behind days can only be hours.
        guard let rest = clock(end) ?? (last == Self.hour ? amount(end) : nil) else { return nil }
        return "\(days) days \(rest)"
    }

    private static let hour = 3
    private static let minute = 4

    private func months(_ word: String) -> String? {
        let (sign, digits) = Self.signed(word)
        let parts = digits.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.allSatisfy({ Self.isNumber($0) }) else { return nil }
        switch parts.count {
        case 1: return "\(sign)\(parts[0]) months"
        case 2: return "\(sign)\(parts[0]) years \(sign)\(parts[1]) months"
        default: return nil
        }
    }

    private func amount(_ word: String) -> String? {
        guard Self.isNumber(Self.signed(word).digits) else { return nil }
        let isWhole = last == Self.hour || last == Self.minute
        return "\(isWhole ? word.prefix { $0 != "." } : word[...]) \(Self.units[last])s"
    }

    /// `h:mm`, `h:mm:ss`, `mm:ss.fff`, or `mm:ss` of MINUTE TO SECOND.
    private func clock(_ word: String) -> String? {
        let (sign, digits) = Self.signed(word)
        var parts = digits.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), parts.allSatisfy({ Self.isNumber($0) }) else { return nil }
        if parts.count == 2, first == Self.minute || parts[1].contains(".") { parts.insert("0", at: 0) }
        if parts.count == 3, last == Self.hour || last == Self.minute { parts.removeLast() }
        if last == Self.hour { parts[1] = "0" }
        return sign + parts.joined(separator: ":")
    }

    /// `1 day 2 hours`
    private func isNamed(_ words: [String]) -> Bool {
        let known = Set(Self.units[first...last].flatMap { [$0, $0 + "s"] })
        return words.allSatisfy { word in
            word.contains(where: \.isLetter)
                ? known.contains(word.lowercased()) : Self.isNumber(Self.signed(word).digits)
        }
    }

    private static func signed(_ word: some StringProtocol) -> (sign: String, digits: String) {
        guard let sign = word.first, sign == "-" || sign == "+" else { return ("", String(word)) }
        return (sign == "-" ? "-" : "", String(word.dropFirst()))
    }

    /// Digits, with a point among them or behind them.
    private static func isNumber(_ word: some StringProtocol) -> Bool {
        let digits = signed(word).digits.utf8
        return digits.first.map { (0x30...0x39).contains($0) } == true
            && digits.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
            && digits.filter { $0 == UInt8(ascii: ".") }.count <= 1
    }
}
