import Columnar
import Effects

/// A strftime pattern, to write times by and to read them by: `%Y-%m-%d %H:%M:%S%.f`.
///
/// - Errors: `invalidPattern` for a piece that does not exist.
struct TimeFormat {
    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November", "December",
    ]
    static let weekdays = [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]
    let pattern: String
    let pieces: [TimeFormatPiece]
    /// Writes a zone, which a timestamp without one does not have.
    let needsZone: Bool

    init(_ pattern: String) throws(KernelError) {
        self.pattern = pattern
        pieces = try TimeFormatPiece.pieces(of: pattern)
        needsZone = pieces.contains { $0.needsZone }
    }

    /// Nanoseconds since 1970-01-01T00:00Z; nil when the text has another form.
    func read(_ text: Span<UInt8>) -> Int128? {
        var parts = TimeFields()
        var position = 0
        for piece in pieces {
            switch piece {
            case .literal(let byte):
                guard position < text.count, text[position] == byte else { return nil }
                position += 1
            case .fraction(_, let hasPoint):
                if hasPoint {
                    guard position < text.count, text[position] == UInt8(ascii: ".") else { continue }
                    position += 1
                }
                guard parts.readFraction(text, &position) else { return nil }
            case .number(let letter, _, _):
                guard parts.readNumber(letter, text, &position) else { return nil }
            case .word(let letter):
                guard parts.readWord(letter, text, &position) else { return nil }
            case .offset:
                guard parts.readZone(text, &position) else { return nil }
            }
        }
        return position == text.count ? parts.nanoseconds : nil
    }
}

/// The fields of a time as they are read, in any order.
private struct TimeFields {
    var year: Int?
    var century: Int?
    var yearOfCentury: Int?
    var month: Int?
    var day: Int?
    var dayOfYear: Int?
    var quarter: Int?
    /// From Monday, which is 0.
    var weekday: Int?
    /// `%W`: from the first Monday on.
    var weekFromMonday: Int?
    /// `%U`: from the first Sunday on.
    var weekFromSunday: Int?
    var isoYear: Int?
    var isoYearOfCentury: Int?
    var isoWeek: Int?
    var hour: Int?
    var minute: Int?
    var second: Int?
    var fraction = 0
    var isAfternoon: Bool?
    var zoneSeconds = 0
    var epochSeconds: Int?

    var nanoseconds: Int128? {
        if let epochSeconds { return Int128(epochSeconds) * 1_000_000_000 + Int128(fraction) }
        var hour = hour ?? 0
        if let isAfternoon { hour = hour % 12 + (isAfternoon ? 12 : 0) }
        let minute = minute ?? 0
        let second = second ?? 0
        guard let days, hour < 24, minute < 60, second <= 60 else { return nil }
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - zoneSeconds
        return Int128(seconds) * 1_000_000_000 + Int128(fraction)
    }

    /// The day since 1970; nil where there is none, or where its parts contradict each other.
    private var days: Int? {
        let year = year ?? Self.year(century, yearOfCentury) ?? 1970
        let first = CivilDate(year: year, month: 1, day: 1).daysSinceEpoch
        let found: Int
        if let dayOfYear {
            found = first + dayOfYear - 1
            guard CivilDate(daysSinceEpoch: found).year == year else { return nil }
        } else if month == nil, day == nil, let isoWeek {
            let isoYear = isoYear ?? Self.year(nil, isoYearOfCentury) ?? year
            // The fourth of January is in the first week.
            let fourth = CivilDate(year: isoYear, month: 1, day: 4).daysSinceEpoch
            found = fourth - Calendar.weekday(fourth) + 7 * (isoWeek - 1) + (weekday ?? 0)
            guard Calendar.isoWeek(found).week == isoWeek else { return nil }
        } else if month == nil, day == nil, let week = weekFromMonday ?? weekFromSunday, let weekday {
            // How far a week's day is behind its first one, and the year's first day likewise.
            let start = weekFromMonday == nil ? 1 : 0
            let distance = (weekday + start) % 7
            let firstDistance = (Calendar.weekday(first) + start) % 7
            found = first + 7 * week + distance - (firstDistance == 0 ? 7 : firstDistance)
            guard CivilDate(daysSinceEpoch: found).year == year else { return nil }
        } else {
            let date = CivilDate(year: year, month: month ?? 1, day: day ?? 1)
            guard date.isValid else { return nil }
            found = date.daysSinceEpoch
        }
        if let weekday, day != nil || dayOfYear != nil, Calendar.weekday(found) != weekday { return nil }
        if let quarter, (CivilDate(daysSinceEpoch: found).month + 2) / 3 != quarter { return nil }
        return found
    }

    /// Without a century 70 to 99 are of the twentieth.
    private static func year(_ century: Int?, _ yearOfCentury: Int?) -> Int? {
        if let century { return century * 100 + (yearOfCentury ?? 0) }
        return yearOfCentury.map { $0 < 70 ? 2000 + $0 : 1900 + $0 }
    }

    private func digits(_ text: Span<UInt8>, _ position: inout Int, _ most: Int) -> Int? {
        var value: Int?
        var count = 0
        while count < most, position < text.count, let digit = NumberParsing.digit(text[position]) {
            value = (value ?? 0) * 10 + digit
            count += 1
            position += 1
        }
        return value
    }

    mutating func readFraction(_ text: Span<UInt8>, _ position: inout Int) -> Bool {
        let start = position
        guard var value = digits(text, &position, 9) else { return false }
        for _ in (position - start)..<9 { value *= 10 }
        fraction = value
        return true
    }

    mutating func readNumber(_ letter: UInt8, _ text: Span<UInt8>, _ position: inout Int) -> Bool {
        func number(_ most: Int, _ range: ClosedRange<Int>) -> Int? {
            while position < text.count, text[position] == 0x20 { position += 1 }
            return digits(text, &position, most).flatMap { range.contains($0) ? $0 : nil }
        }
        func year() -> Int? {
            let isNegative = position < text.count && text[position] == UInt8(ascii: "-")
            if isNegative { position += 1 }
            return number(isNegative ? 6 : 4, 0...262_000).map { isNegative ? -$0 : $0 }
        }
        func set(_ path: WritableKeyPath<TimeFields, Int?>, _ value: Int?) -> Bool {
            self[keyPath: path] = value
            return value != nil
        }
        switch Unicode.Scalar(letter) {
        case "Y": return set(\.year, year())
        case "C": return set(\.century, number(2, 0...99))
        case "y": return set(\.yearOfCentury, number(2, 0...99))
        case "q": return set(\.quarter, number(1, 1...4))
        case "m": return set(\.month, number(2, 1...12))
        case "d", "e": return set(\.day, number(2, 1...31))
        case "j": return set(\.dayOfYear, number(3, 1...366))
        case "u": return set(\.weekday, number(1, 1...7).map { $0 - 1 })
        case "w": return set(\.weekday, number(1, 0...6).map { ($0 + 6) % 7 })
        case "U": return set(\.weekFromSunday, number(2, 0...53))
        case "W": return set(\.weekFromMonday, number(2, 0...53))
        case "G": return set(\.isoYear, year())
        case "g": return set(\.isoYearOfCentury, number(2, 0...99))
        case "V": return set(\.isoWeek, number(2, 1...53))
        case "H", "k": return set(\.hour, number(2, 0...23))
        case "I", "l": return set(\.hour, number(2, 1...12))
        case "M": return set(\.minute, number(2, 0...59))
        case "S": return set(\.second, number(2, 0...60))
        default: return set(\.epochSeconds, number(12, 0...999_999_999_999))
        }
    }

    mutating func readWord(_ letter: UInt8, _ text: Span<UInt8>, _ position: inout Int) -> Bool {
        switch Unicode.Scalar(letter) {
        case "p", "P":
            guard let half = word(text, &position, ["am", "pm"], shortest: 2) else { return false }
            isAfternoon = half == 1
        case "b", "h", "B":
            month = word(text, &position, TimeFormat.months, shortest: 3).map { $0 + 1 }
            return month != nil
        case "a", "A":
            weekday = word(text, &position, TimeFormat.weekdays, shortest: 3)
            return weekday != nil
        default: return readZone(text, &position)
        }
        return true
    }

    /// The index of the name that stands here, whole or cut to `shortest` letters, in any case.
    private func word(_ text: Span<UInt8>, _ position: inout Int, _ names: [String], shortest: Int) -> Int? {
        for length in [nil, shortest] {
            for (index, name) in names.enumerated() {
                let letters = Array(name.lowercased().utf8.prefix(length ?? name.utf8.count))
                guard text.count - position >= letters.count,
                    letters.indices.allSatisfy({ text[position + $0] | 0x20 == letters[$0] })
                else { continue }
                position += letters.count
                return index
            }
        }
        return nil
    }

    mutating func readZone(_ text: Span<UInt8>, _ position: inout Int) -> Bool {
        if word(text, &position, ["utc", "gmt", "z"], shortest: 1) != nil { return true }
        guard position < text.count else { return false }
        let isWest = text[position] == UInt8(ascii: "-")
        guard isWest || text[position] == UInt8(ascii: "+") else { return false }
        position += 1
        guard let hours = digits(text, &position, 2), hours <= 15 else { return false }
        if position < text.count, text[position] == UInt8(ascii: ":") { position += 1 }
        let minutes = digits(text, &position, 2) ?? 0
        guard minutes < 60 else { return false }
        zoneSeconds = (isWest ? -1 : 1) * (hours * 3600 + minutes * 60)
        return true
    }
}
