import Columnar
import Effects
import Octets

/// Reads the texts of dates, timestamps, UUIDs and base64 in events.
enum EventText {
    static func scalar(_ text: String, _ type: StreamType) -> Scalar? {
        let bytes = Array(text.utf8)
        switch type {
        case .date: return bytes.count == 10 ? days(bytes[...]).map { .int($0) } : nil
        case .timestamp: return timestamp(bytes).map { .long($0) }
        case .uuid: return uuid(bytes).map { .bytes($0) }
        case .binary:
            let padding = bytes.reversed().prefix { $0 == UInt8(ascii: "=") }.count
            return padding > 2 ? nil : Base64.decode(text).map { .bytes($0) }
        default: return nil
        }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard !bytes.isEmpty else { return nil }
        var value = 0
        for byte in bytes {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        return value
    }

    /// `2026-01-31`, of exactly ten bytes.
    private static func days(_ text: ArraySlice<UInt8>) -> Int32? {
        let start = text.startIndex
        guard text[start + 4] == UInt8(ascii: "-"), text[start + 7] == UInt8(ascii: "-"),
            let year = number(text[start..<start + 4]), let month = number(text[start + 5..<start + 7]),
            let day = number(text[start + 8..<start + 10])
        else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        return date.isValid ? Int32(date.daysSinceEpoch) : nil
    }

    /// RFC 3339 to microseconds since 1970 UTC; without a zone it is UTC.
    private static func timestamp(_ text: [UInt8]) -> Int64? {
        guard text.count >= 19, let days = days(text[0..<10]),
            [UInt8(ascii: "T"), UInt8(ascii: "t"), UInt8(ascii: " ")].contains(text[10]),
            text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
            let hour = number(text[11..<13]), let minute = number(text[14..<16]),
            let second = number(text[17..<19]), hour < 24, minute < 60, second < 60
        else { return nil }
        var position = 19
        var fraction: Int64 = 0
        if position < text.count, text[position] == UInt8(ascii: ".") {
            let digits = text[(position + 1)...].prefix { $0 >= 0x30 && $0 <= 0x39 }
            if digits.isEmpty { return nil }
            var place: Int64 = 100_000
            for digit in digits.prefix(6) {
                fraction += Int64(digit - 0x30) * place
                place /= 10
            }
            position = digits.endIndex
        }
        guard let offset = offsetSeconds(text[position...]) else { return nil }
        let seconds = Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second - offset)
        return seconds * 1_000_000 + fraction
    }

    private static func offsetSeconds(_ text: ArraySlice<UInt8>) -> Int? {
        let start = text.startIndex
        if text.isEmpty { return 0 }
        if text.count == 1 { return text[start] | 0x20 == UInt8(ascii: "z") ? 0 : nil }
        guard text.count == 6, text[start + 3] == UInt8(ascii: ":"),
            text[start] == UInt8(ascii: "+") || text[start] == UInt8(ascii: "-"),
            let hours = number(text[start + 1..<start + 3]),
            let minutes = number(text[start + 4..<start + 6]),
            hours < 24, minutes < 60
        else { return nil }
        return (hours * 3600 + minutes * 60) * (text[start] == UInt8(ascii: "-") ? -1 : 1)
    }

    /// Canonical form, digits of either case.
    private static func uuid(_ text: [UInt8]) -> [UInt8]? {
        let hyphens = [8, 13, 18, 23]
        guard text.count == 36, hyphens.allSatisfy({ text[$0] == UInt8(ascii: "-") }) else { return nil }
        let digits = text.indices.filter { !hyphens.contains($0) }.map { text[$0] }
        return Hex.decode(String(decoding: digits, as: UTF8.self))
    }
}

/// A decimal number without loss: `digits` times ten to `exponent`, no trailing zeros in `digits`.
struct ExactDecimal {
    private(set) var isNegative = false
    private(set) var digits: [UInt8] = []
    private(set) var exponent = 0

    /// `text` follows JSON's grammar of numbers. Nil for more than 38 significant digits.
    init?(_ text: String) {
        var rest = Substring(text)
        if rest.first == "-" {
            isNegative = true
            rest.removeFirst()
        }
        if let mark = rest.firstIndex(where: { $0 == "e" || $0 == "E" }) {
            var power = rest[rest.index(after: mark)...]
            let isDown = power.first == "-"
            if power.first == "-" || power.first == "+" { power.removeFirst() }
            // Larger exponents than any type holds are clamped.
            let clamped = min(Int(power) ?? 2_000_000_000, 2_000_000_000)
            exponent = isDown ? -clamped : clamped
            rest = rest[..<mark]
        }
        if let point = rest.firstIndex(of: ".") {
            exponent -= rest.distance(from: point, to: rest.endIndex) - 1
        }
        digits = rest.utf8.filter { $0 != UInt8(ascii: ".") }.map { $0 - 0x30 }
        digits.removeFirst(digits.prefix { $0 == 0 }.count)
        while digits.last == 0 {
            digits.removeLast()
            exponent += 1
        }
        if digits.isEmpty { exponent = 0 }
        if digits.count > 38 { return nil }
    }

    /// The number times ten to `shift`, as an integer of at most `precision` digits; nil when it does not fit, or when
    /// a fraction is left and `floors` does not round it down.
    func scaled(by shift: Int, precision: Int, floors: Bool) -> Int128? {
        let power = exponent + shift
        if digits.isEmpty { return 0 }
        if digits.count + power > precision { return nil }
        var value: Int128 = 0
        let kept = power >= 0 ? digits.count : max(0, digits.count + power)
        for digit in digits.prefix(kept) { value = value * 10 + Int128(digit) }
        if power > 0 { for _ in 0..<power { value *= 10 } }
        if kept < digits.count {
            if !floors { return nil }
            if isNegative { value += 1 }
        }
        return isNegative ? -value : value
    }
}
