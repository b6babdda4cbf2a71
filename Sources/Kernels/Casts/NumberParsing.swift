import Columnar
import Foundation

/// Reads numbers, truth values and UUIDs from text as PostgreSQL's input functions do; spaces around are ignored.
///
/// - Errors: none thrown; nil is text of another form, and overflow has a case of its own where it matters.
package enum NumberParsing {
    package enum Outcome<Value> {
        case value(Value)
        case malformed
        case outOfRange
    }

    package static func trimmed(_ text: Span<UInt8>) -> Range<Int> {
        var start = 0
        var end = text.count
        while start < end, isSpace(text[start]) { start += 1 }
        while end > start, isSpace(text[end - 1]) { end -= 1 }
        return start..<end
    }

    package static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

    @inline(__always)
    static func digit(_ byte: UInt8) -> Int? { byte >= 0x30 && byte <= 0x39 ? Int(byte &- 0x30) : nil }

    /// `-12`, `+7`.
    package static func integer<Value: FixedWidthInteger & SignedInteger>(
        _ text: Span<UInt8>, as _: Value.Type = Value.self
    ) -> Outcome<Value> {
        let range = trimmed(text)
        var position = range.lowerBound
        guard position < range.upperBound else { return .malformed }
        let isNegative = text[position] == UInt8(ascii: "-")
        if isNegative || text[position] == UInt8(ascii: "+") { position += 1 }
        guard position < range.upperBound else { return .malformed }
        var value: Value = 0
        var isOutOfRange = false
        while position < range.upperBound {
            guard let digit = digit(text[position]) else { return .malformed }
            let (shifted, first) = value.multipliedReportingOverflow(by: 10)
            let (next, second) =
                isNegative
                ? shifted.subtractingReportingOverflow(Value(digit))
                : shifted.addingReportingOverflow(Value(digit))
            isOutOfRange = isOutOfRange || first || second
            value = next
            position += 1
        }
        return isOutOfRange ? .outOfRange : .value(value)
    }

    /// `12.345`, `-.5`, `1e3`: unscaled at `scale`, rounded half away from zero, within `precision` digits.
    package static func decimal(_ text: Span<UInt8>, precision: Int, scale: Int) -> Outcome<Int128> {
        let range = trimmed(text)
        var position = range.lowerBound
        guard position < range.upperBound else { return .malformed }
        let isNegative = text[position] == UInt8(ascii: "-")
        if isNegative || text[position] == UInt8(ascii: "+") { position += 1 }
        // Digits beyond the 38th only move the point, but for rounding; one more is kept.
        var unscaled: Int128 = 0
        var digitCount = 0
        var exponent = 0
        var sawDigit = false
        var sawPoint = false
        while position < range.upperBound {
            let byte = text[position]
            if byte == UInt8(ascii: "."), !sawPoint {
                sawPoint = true
            } else if let digit = digit(byte) {
                sawDigit = true
                if digitCount < DataType.maximumPrecision - 1 || unscaled == 0 {
                    unscaled = unscaled * 10 + Int128(digit)
                    if unscaled != 0 { digitCount += 1 }
                    if sawPoint { exponent -= 1 }
                } else if digitCount < DataType.maximumPrecision {
                    unscaled = unscaled * 10 + Int128(digit)
                    digitCount += 1
                    if sawPoint { exponent -= 1 }
                } else if !sawPoint {
                    exponent += 1
                }
            } else {
                break
            }
            position += 1
        }
        guard sawDigit else { return .malformed }
        if position < range.upperBound {
            guard text[position] | 0x20 == UInt8(ascii: "e"),
                case .value(let power) = integer(
                    text.extracting(position + 1..<range.upperBound), as: Int32.self),
                abs(Int(power)) < 100_000
            else { return .malformed }
            exponent += Int(power)
        }
        guard let value = DecimalMath.rescale(unscaled, by: exponent + scale),
            value < DecimalMath.bound(precision)
        else { return .outOfRange }
        return .value(isNegative ? -value : value)
    }

    /// `1.5`, `-2e10`, `Infinity`, `nan`.
    package static func double(_ text: Span<UInt8>) -> Outcome<Double> {
        let range = trimmed(text)
        guard !range.isEmpty, range.count < 1024 else { return .malformed }
        let word = String(decoding: [UInt8](copying: text.extracting(range)), as: UTF8.self)
        switch word.lowercased() {
        case "inf", "infinity", "+infinity", "+inf": return .value(.infinity)
        case "-inf", "-infinity": return .value(-.infinity)
        case "nan": return .value(.nan)
        default: break
        }
        // Swift's parser also takes hexadecimal and names; only digits, signs, points and exponents are numbers here.
        guard word.utf8.allSatisfy({ digit($0) != nil || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0) }),
            let value = Double(word)
        else { return .malformed }
        return value.isInfinite ? .outOfRange : .value(value)
    }

    /// `true`, `t`, `yes`, `on`, `1` and their opposites, in any case.
    package static func boolean(_ text: Span<UInt8>) -> Bool? {
        let range = trimmed(text)
        guard !range.isEmpty, range.count <= 5 else { return nil }
        switch String(decoding: [UInt8](copying: text.extracting(range)), as: UTF8.self).lowercased() {
        case "t", "tr", "tru", "true", "y", "ye", "yes", "on", "1": return true
        case "f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0": return false
        default: return nil
        }
    }

    /// 32 hexadecimal digits, with or without hyphens and braces.
    package static func uuid(_ text: Span<UInt8>) -> [UInt8]? {
        var digits: [UInt8] = []
        for index in trimmed(text) {
            let byte = text[index]
            switch byte {
            case 0x30...0x39: digits.append(byte - 0x30)
            case 0x41...0x46: digits.append(byte - 0x41 + 10)
            case 0x61...0x66: digits.append(byte - 0x61 + 10)
            case UInt8(ascii: "-"), UInt8(ascii: "{"), UInt8(ascii: "}"): continue
            default: return nil
            }
        }
        guard digits.count == 32 else { return nil }
        return (0..<16).map { digits[2 * $0] << 4 | digits[2 * $0 + 1] }
    }
}
