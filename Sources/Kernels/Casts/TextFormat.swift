package import Columnar
import Effects
import Foundation
import Octets

/// Writes values as PostgreSQL's output functions do, as bytes behind what a buffer holds.
package enum TextFormat {
    package static func append(_ value: some FixedWidthInteger, to buffer: inout [UInt8]) {
        var magnitude = UInt64(truncatingIfNeeded: value.magnitude)
        if value < 0 { buffer.append(UInt8(ascii: "-")) }
        let start = buffer.count
        repeat {
            buffer.append(UInt8(truncatingIfNeeded: magnitude % 10) + 0x30)
            magnitude /= 10
        } while magnitude > 0
        buffer[start...].reverse()
    }

    /// At least `width` digits, filled with zeros; a sign is not written.
    package static func append(_ value: Int64, width: Int, to buffer: inout [UInt8]) {
        let start = buffer.count
        var rest = value.magnitude
        var count = 0
        while rest > 0 || count < width {
            buffer.append(UInt8(truncatingIfNeeded: rest % 10) + 0x30)
            rest /= 10
            count += 1
        }
        buffer[start...].reverse()
    }

    /// `-12.340` for -12340 at scale 3.
    package static func append(decimal value: Int128, scale: Int, to buffer: inout [UInt8]) {
        let digits = Array(String(value.magnitude).utf8)
        if value < 0 { buffer.append(UInt8(ascii: "-")) }
        if digits.count <= scale {
            buffer.append(UInt8(ascii: "0"))
        } else {
            buffer.append(contentsOf: digits[..<(digits.count - scale)])
        }
        guard scale > 0 else { return }
        buffer.append(UInt8(ascii: "."))
        for _ in 0..<max(0, scale - digits.count) { buffer.append(UInt8(ascii: "0")) }
        buffer.append(contentsOf: digits.suffix(scale))
    }

    static func text(decimal value: Int128, scale: Int) -> String {
        var text: [UInt8] = []
        append(decimal: value, scale: scale, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// The shortest digits that read back the same; `1`, `0.1`, `1e+20`, `Infinity`, `NaN`.
    package static func append(_ value: Double, to buffer: inout [UInt8]) {
        append(
            shortest: "\(value.magnitude)", isNegative: value.sign == .minus && !value.isNaN, limit: 15,
            &buffer)
    }

    package static func append(_ value: Float, to buffer: inout [UInt8]) {
        append(
            shortest: "\(value.magnitude)", isNegative: value.sign == .minus && !value.isNaN, limit: 6,
            &buffer)
    }

    /// Rewrites Swift's shortest print in PostgreSQL's layout: an exponent below -4 and from `limit` on.
    private static func append(shortest text: String, isNegative: Bool, limit: Int, _ buffer: inout [UInt8]) {
        if text == "nan" { return buffer.append(contentsOf: "NaN".utf8) }
        if isNegative { buffer.append(UInt8(ascii: "-")) }
        if text == "inf" { return buffer.append(contentsOf: "Infinity".utf8) }
        let parts = text.split(separator: "e")
        let number = parts[0].split(separator: ".")
        var digits = Array(number[0].utf8) + (number.count > 1 ? Array(number[1].utf8) : [])
        var exponent = number[0].utf8.count - 1 + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
        let zeros = digits.prefix { $0 == 0x30 }.count
        if zeros == digits.count { return buffer.append(0x30) }
        digits.removeFirst(zeros)
        exponent -= zeros
        while digits.last == 0x30 { digits.removeLast() }

        if exponent < -4 || exponent >= limit {
            buffer.append(digits[0])
            if digits.count > 1 { buffer.append(UInt8(ascii: ".")) }
            buffer.append(contentsOf: digits[1...])
            buffer.append(contentsOf: exponent < 0 ? "e-".utf8 : "e+".utf8)
            append(Int64(abs(exponent)), width: 2, to: &buffer)
        } else if exponent < 0 {
            buffer.append(contentsOf: "0.".utf8)
            for _ in 1..<max(1, -exponent) { buffer.append(0x30) }
            buffer.append(contentsOf: digits)
        } else {
            for index in 0...exponent { buffer.append(index < digits.count ? digits[index] : 0x30) }
            guard digits.count > exponent + 1 else { return }
            buffer.append(UInt8(ascii: "."))
            buffer.append(contentsOf: digits[(exponent + 1)...])
        }
    }

    /// `2013-01-31`
    package static func append(date days: Int32, to buffer: inout [UInt8]) {
        let date = CivilDate(daysSinceEpoch: Int(days))
        guard (0...9999).contains(date.year) else { return buffer.append(contentsOf: date.description.utf8) }
        append(Int64(date.year), width: 4, to: &buffer)
        buffer.append(UInt8(ascii: "-"))
        append(Int64(date.month), width: 2, to: &buffer)
        buffer.append(UInt8(ascii: "-"))
        append(Int64(date.day), width: 2, to: &buffer)
    }

    /// `05:15:00.25`; `unitsPerSecond` tells microseconds from nanoseconds.
    package static func append(time value: Int64, unitsPerSecond: Int64, to buffer: inout [UInt8]) {
        let seconds = value / unitsPerSecond
        append(seconds / 3600, width: 2, to: &buffer)
        buffer.append(UInt8(ascii: ":"))
        append(seconds / 60 % 60, width: 2, to: &buffer)
        buffer.append(UInt8(ascii: ":"))
        append(seconds % 60, width: 2, to: &buffer)
        let fraction = value % unitsPerSecond
        guard fraction > 0 else { return }
        buffer.append(UInt8(ascii: "."))
        append(fraction, width: unitsPerSecond == 1_000_000 ? 6 : 9, to: &buffer)
        while buffer.last == 0x30 { buffer.removeLast() }
    }

    /// `2013-01-31 05:15:00`, and `+00` behind an instant.
    package static func append(
        timestamp value: Int64, unitsPerSecond: Int64, isInstant: Bool, separator: UInt8 = 0x20,
        to buffer: inout [UInt8]
    ) {
        let perDay = 86_400 * unitsPerSecond
        let days = value.floorDivided(by: perDay)
        append(date: Int32(truncatingIfNeeded: days), to: &buffer)
        buffer.append(separator)
        append(time: value.floorRemainder(dividingBy: perDay), unitsPerSecond: unitsPerSecond, to: &buffer)
        if isInstant { buffer.append(contentsOf: "+00".utf8) }
    }

    /// `1 year 2 mons 3 days 04:05:06`, `-1 days +02:00:00`: behind a negative part, as in PostgreSQL, a positive one shows its sign.
    package static func append(_ interval: Interval, to buffer: inout [UInt8]) {
        var parts: [String] = []
        var isBehindNegative = false
        func part(_ amount: Int32, _ one: String) {
            guard amount != 0 else { return }
            let sign = isBehindNegative && amount > 0 ? "+" : ""
            parts.append("\(sign)\(amount) \(one)\(amount == 1 ? "" : "s")")
            isBehindNegative = amount < 0
        }
        part(interval.months / 12, "year")
        part(interval.months % 12, "mon")
        part(interval.days, "day")
        buffer.append(contentsOf: parts.joined(separator: " ").utf8)
        guard interval.microseconds != 0 || parts.isEmpty else { return }
        if !parts.isEmpty { buffer.append(0x20) }
        if interval.microseconds < 0 {
            buffer.append(UInt8(ascii: "-"))
        } else if isBehindNegative {
            buffer.append(UInt8(ascii: "+"))
        }
        append(
            time: Int64(clamping: interval.microseconds.magnitude), unitsPerSecond: 1_000_000, to: &buffer)
    }

    /// `6f1c…-…`: 8-4-4-4-12 hexadecimal digits.
    package static func append(uuid bytes: Span<UInt8>, to buffer: inout [UInt8]) {
        for index in 0..<bytes.count {
            if index == 4 || index == 6 || index == 8 || index == 10 { buffer.append(UInt8(ascii: "-")) }
            append(hex: bytes[index], to: &buffer)
        }
    }

    package static func append(hex byte: UInt8, to buffer: inout [UInt8]) {
        for nibble in [byte >> 4, byte & 15] { buffer.append(nibble < 10 ? 0x30 + nibble : 0x57 + nibble) }
    }
}
