import Columnar
import Effects

/// Writing times by a pattern.
extension TimeFormat {
    /// A time of `seconds` since 1970 and a fraction of a second, in nanoseconds.
    ///
    /// - Errors: `invalidPattern` where the pattern asks for the zone of a time that has none.
    func append(
        seconds: Int64, fraction: Int64, isInstant: Bool, to buffer: inout [UInt8]
    ) throws(KernelError) {
        if !isInstant, needsZone {
            throw KernelError(
                .invalidPattern, "a time without a zone has no zone to write",
                ["format": "'\(pattern.prefix(100))'"])
        }
        let moment = WrittenMoment(seconds: seconds)
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
            case .number(let letter, let width, let padding):
                Self.append(moment.number(letter), width: width, padding, to: &buffer)
            case .word(let letter): buffer.append(contentsOf: moment.word(letter).utf8)
            // Sessions are in UTC.
            case .offset(let colons):
                buffer.append(contentsOf: ["+0000", "+00:00", "+00:00:00", "+00"][colons].utf8)
            }
        }
    }

    private static func append(
        _ value: Int64, width: Int, _ padding: TimeFormatPiece.Padding, to buffer: inout [UInt8]
    ) {
        var digits: [UInt8] = []
        TextFormat.append(value, width: padding == .zeros ? width : 1, to: &digits)
        let isNegative = value < 0
        if padding == .spaces {
            for _ in 0..<max(0, width - digits.count) { buffer.append(0x20) }
        }
        if isNegative { buffer.append(UInt8(ascii: "-")) }
        buffer.append(contentsOf: digits)
    }
}

/// A moment taken apart once for all pieces.
private struct WrittenMoment {
    let seconds: Int64
    let days: Int
    let clock: Int64
    let date: CivilDate

    init(seconds: Int64) {
        self.seconds = seconds
        days = Int(seconds.floorDivided(by: 86_400))
        clock = seconds.floorRemainder(dividingBy: 86_400)
        date = CivilDate(daysSinceEpoch: days)
    }

    private var hour: Int64 { clock / 3600 }
    /// From 0.
    private var dayOfYear: Int { days - CivilDate(year: date.year, month: 1, day: 1).daysSinceEpoch }

    func number(_ letter: UInt8) -> Int64 {
        let weekday = Calendar.weekday(days)
        switch Unicode.Scalar(letter) {
        case "Y": return Int64(date.year)
        case "C": return Int64(date.year).floorDivided(by: 100)
        case "y": return Int64(date.year).floorRemainder(dividingBy: 100)
        case "G": return Int64(Calendar.isoWeek(days).year)
        case "g": return Int64(Calendar.isoWeek(days).year).floorRemainder(dividingBy: 100)
        case "q": return Int64((date.month + 2) / 3)
        case "m": return Int64(date.month)
        case "d", "e": return Int64(date.day)
        case "j": return Int64(dayOfYear + 1)
        case "u": return Int64(weekday + 1)
        case "w": return Int64((weekday + 1) % 7)
        // Days before the first Sunday or Monday are in week 0.
        case "U": return Int64((dayOfYear + 7 - (weekday + 1) % 7) / 7)
        case "W": return Int64((dayOfYear + 7 - weekday) / 7)
        case "V": return Int64(Calendar.isoWeek(days).week)
        case "H", "k": return hour
        case "I", "l": return (hour + 11) % 12 + 1
        case "M": return clock / 60 % 60
        case "S": return clock % 60
        default: return seconds
        }
    }

    func word(_ letter: UInt8) -> String {
        switch Unicode.Scalar(letter) {
        case "b", "h": String(TimeFormat.months[date.month - 1].prefix(3))
        case "B": TimeFormat.months[date.month - 1]
        case "a": String(TimeFormat.weekdays[Calendar.weekday(days)].prefix(3))
        case "A": TimeFormat.weekdays[Calendar.weekday(days)]
        case "p": hour < 12 ? "AM" : "PM"
        case "P": hour < 12 ? "am" : "pm"
        default: "UTC"
        }
    }
}
