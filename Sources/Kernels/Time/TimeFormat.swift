import Columnar
import Effects

/// A strftime pattern, to write times by and to read them by: `%Y-%m-%d %H:%M:%S%.f`.
///
/// - Errors: `invalidPattern` for a letter it does not know.
struct TimeFormat {
    private enum Piece {
        case literal(UInt8)
        case field(UInt8)
        /// `%.f`, `%.3f`: the point and so many digits of the second's fraction; 0 for as many as there are.
        case fraction(digits: Int, hasPoint: Bool)
    }
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
        "November", "December",
    ]
    private static let weekdays = [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]
    private let pieces: [Piece]

    init(_ pattern: String) throws(KernelError) {
        var pieces: [Piece] = []
        var rest = Array(pattern.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                pieces.append(.literal(byte))
                continue
            }
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "_") { rest.removeFirst() }
            let hasPoint = rest.first == UInt8(ascii: ".")
            if hasPoint { rest.removeFirst() }
            var digits = 0
            if let digit = rest.first.flatMap({ NumberParsing.digit($0) }) {
                digits = digit
                rest.removeFirst()
            }
            guard let letter = rest.popFirst() else { throw Self.invalid(pattern) }
            switch letter {
            case UInt8(ascii: "f"):
                pieces.append(.fraction(digits: digits == 0 && !hasPoint ? 9 : digits, hasPoint: hasPoint))
            case UInt8(ascii: "T"): pieces += Self.composed("H:M:S")
            case UInt8(ascii: "R"): pieces += Self.composed("H:M")
            case UInt8(ascii: "F"): pieces += Self.composed("Y-m-d")
            case UInt8(ascii: "D"): pieces += Self.composed("m/d/y")
            case UInt8(ascii: "%"): pieces.append(.literal(letter))
            case UInt8(ascii: "n"): pieces.append(.literal(0x0A))
            case UInt8(ascii: "t"): pieces.append(.literal(0x09))
            default:
                guard "YymdeHIMSpPzZjbBhaAsuwGV".utf8.contains(letter), digits == 0, !hasPoint else {
                    throw Self.invalid(pattern)
                }
                pieces.append(.field(letter))
            }
        }
        self.pieces = pieces
    }

    private static func composed(_ letters: String) -> [Piece] {
        letters.utf8.map { ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A ? .field($0) : .literal($0) }
    }

    private static func invalid(_ pattern: String) -> KernelError {
        KernelError(.invalidPattern, "the time format is wrong", ["format": "'\(pattern)'"])
    }

    /// A time of `seconds` since 1970 and a fraction of a second, in nanoseconds.
    func append(seconds: Int64, fraction: Int64, isInstant: Bool, to buffer: inout [UInt8]) {
        let days = seconds.floorDivided(by: 86_400)
        let clock = seconds.floorRemainder(dividingBy: 86_400)
        let date = CivilDate(daysSinceEpoch: Int(days))
        for piece in pieces {
            switch piece {
            case .literal(let byte): buffer.append(byte)
            case .fraction(let digits, let hasPoint):
                guard digits > 0 || fraction > 0 else { continue }
                if hasPoint { buffer.append(UInt8(ascii: ".")) }
                let kept =
                    digits == 0
                    ? (fraction % 1_000_000 == 0 ? 3 : fraction % 1000 == 0 ? 6 : 9) : min(9, digits)
                TextFormat.append(
                    fraction / Int64(DecimalMath.powers[9 - kept]), width: kept, to: &buffer)
            case .field(let letter):
                append(letter, date, Int(days), clock, seconds, isInstant, to: &buffer)
            }
        }
    }

    // One parameter a part of the time: a struct for a single call would only rename them.
    private func append(
        _ letter: UInt8, _ date: CivilDate, _ days: Int, _ clock: Int64, _ seconds: Int64, _ isInstant: Bool,
        to buffer: inout [UInt8]
    ) {
        func two(_ value: Int64) { TextFormat.append(value, width: 2, to: &buffer) }
        let hour = clock / 3600
        switch Unicode.Scalar(letter) {
        case "Y":
            if date.year < 0 { buffer.append(UInt8(ascii: "-")) }
            TextFormat.append(Int64(abs(date.year)), width: 4, to: &buffer)
        case "y": two(Int64(((date.year % 100) + 100) % 100))
        case "m": two(Int64(date.month))
        case "d", "e": two(Int64(date.day))
        case "H": two(hour)
        case "I": two((hour + 11) % 12 + 1)
        case "M": two(clock / 60 % 60)
        case "S": two(clock % 60)
        case "p": buffer.append(contentsOf: hour < 12 ? "AM".utf8 : "PM".utf8)
        case "P": buffer.append(contentsOf: hour < 12 ? "am".utf8 : "pm".utf8)
        case "z": if isInstant { buffer.append(contentsOf: "+0000".utf8) }
        case "Z": if isInstant { buffer.append(contentsOf: "UTC".utf8) }
        case "j":
            let first = CivilDate(year: date.year, month: 1, day: 1).daysSinceEpoch
            TextFormat.append(Int64(days - first + 1), width: 3, to: &buffer)
        case "b", "h": buffer.append(contentsOf: Self.months[date.month - 1].prefix(3).utf8)
        case "B": buffer.append(contentsOf: Self.months[date.month - 1].utf8)
        case "a": buffer.append(contentsOf: Self.weekdays[Calendar.weekday(days)].prefix(3).utf8)
        case "A": buffer.append(contentsOf: Self.weekdays[Calendar.weekday(days)].utf8)
        case "s": TextFormat.append(seconds, to: &buffer)
        case "u": TextFormat.append(Calendar.weekday(days) + 1, to: &buffer)
        case "w": TextFormat.append((Calendar.weekday(days) + 1) % 7, to: &buffer)
        case "G": TextFormat.append(Int64(Calendar.isoWeek(days).year), width: 4, to: &buffer)
        default: two(Int64(Calendar.isoWeek(days).week))
        }
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
            case .field(let letter):
                guard parts.read(letter, text, &position, Self.months, Self.weekdays) else { return nil }
            }
        }
        return position == text.count ? parts.nanoseconds : nil
    }
}

/// The fields of a time as they are read, in any order.
private struct TimeFields {
    var year = 1970
    var month = 1
    var day = 1
    var dayOfYear: Int?
    var hour = 0
    var minute = 0
    var second = 0
    var fraction = 0
    var isAfternoon: Bool?
    var zoneSeconds = 0
    var epochSeconds: Int?

    var nanoseconds: Int128? {
        if let epochSeconds { return Int128(epochSeconds) * 1_000_000_000 + Int128(fraction) }
        var date = CivilDate(year: year, month: month, day: day)
        if let dayOfYear {
            let first = CivilDate(year: year, month: 1, day: 1).daysSinceEpoch
            date = CivilDate(daysSinceEpoch: first + dayOfYear - 1)
        }
        var hour = hour
        if let isAfternoon { hour = hour % 12 + (isAfternoon ? 12 : 0) }
        guard date.isValid, hour < 24, minute < 60, second <= 60 else { return nil }
        let seconds = date.daysSinceEpoch * 86_400 + hour * 3600 + minute * 60 + second - zoneSeconds
        return Int128(seconds) * 1_000_000_000 + Int128(fraction)
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

    mutating func read(
        _ letter: UInt8, _ text: Span<UInt8>, _ position: inout Int, _ months: [String], _ weekdays: [String]
    ) -> Bool {
        func number(_ most: Int, _ range: ClosedRange<Int>) -> Int? {
            while position < text.count, text[position] == 0x20 { position += 1 }
            return digits(text, &position, most).flatMap { range.contains($0) ? $0 : nil }
        }
        func set(_ path: WritableKeyPath<TimeFields, Int>, _ value: Int?) -> Bool {
            guard let value else { return false }
            self[keyPath: path] = value
            return true
        }
        switch Unicode.Scalar(letter) {
        case "Y":
            let isNegative = position < text.count && text[position] == UInt8(ascii: "-")
            if isNegative { position += 1 }
            return set(\.year, number(isNegative ? 6 : 4, 0...262_000).map { isNegative ? -$0 : $0 })
        case "y": return set(\.year, number(2, 0...99).map { $0 < 70 ? 2000 + $0 : 1900 + $0 })
        case "m": return set(\.month, number(2, 1...12))
        case "d", "e": return set(\.day, number(2, 1...31))
        case "H": return set(\.hour, number(2, 0...23))
        case "I": return set(\.hour, number(2, 1...12))
        case "M": return set(\.minute, number(2, 0...59))
        case "S": return set(\.second, number(2, 0...60))
        case "j":
            dayOfYear = number(3, 1...366)
            return dayOfYear != nil
        case "s":
            epochSeconds = number(12, 0...999_999_999_999)
            return epochSeconds != nil
        case "p", "P":
            guard let half = word(text, &position, ["am", "pm"], shortest: 2) else { return false }
            isAfternoon = half == 1
            return true
        case "b", "h", "B": return set(\.month, word(text, &position, months, shortest: 3).map { $0 + 1 })
        case "a", "A": return word(text, &position, weekdays, shortest: 3) != nil
        case "z", "Z": return readZone(text, &position)
        default: return number(4, 0...9999) != nil
        }
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

    private mutating func readZone(_ text: Span<UInt8>, _ position: inout Int) -> Bool {
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
