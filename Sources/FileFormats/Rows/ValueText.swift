import Columnar
import Effects
import JSONText
import Octets

/// The JSON text of single values; everything that is not a number or a boolean comes in quotes.
enum ValueText {
    static func integer(_ value: Int64, _ bytes: inout [UInt8]) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        digits(value.magnitude, width: 1, &bytes)
    }

    /// Decimal digits, zeros in front up to `width`.
    private static func digits(_ value: UInt64, width: Int, _ bytes: inout [UInt8]) {
        let start = bytes.count
        var rest = value
        repeat {
            bytes.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0 || bytes.count - start < width
        bytes[start...].reverse()
    }

    /// Two digits of a number below 100: times are made of them, so this one is quick.
    private static func pair(_ value: UInt64, _ bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value / 10 % 10))
        bytes.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value % 10))
    }

    /// The shortest text that reads back as the same number; NaN and the infinities as strings.
    static func floating<Value: BinaryFloatingPoint & CustomStringConvertible>(
        _ value: Value, _ bytes: inout [UInt8]
    ) {
        if value.isFinite {
            bytes.append(contentsOf: value.description.utf8)
        } else {
            let name = value.isNaN ? "\"NaN\"" : value < 0 ? "\"-Infinity\"" : "\"Infinity\""
            bytes.append(contentsOf: name.utf8)
        }
    }

    /// Exactly `scale` places behind the point; without quotes a number, which readers may round.
    static func decimal(
        _ unscaled: Int128, scale: Int, isQuoted: Bool = true, _ bytes: inout [UInt8]
    ) {
        var text = Array(String(unscaled.magnitude).utf8)
        if text.count <= scale {
            text.insert(contentsOf: repeatElement(UInt8(ascii: "0"), count: scale + 1 - text.count), at: 0)
        }
        if scale > 0 { text.insert(UInt8(ascii: "."), at: text.count - scale) }
        if isQuoted { bytes.append(UInt8(ascii: "\"")) }
        if unscaled < 0 { bytes.append(UInt8(ascii: "-")) }
        bytes.append(contentsOf: text)
        if isQuoted { bytes.append(UInt8(ascii: "\"")) }
    }

    static func date(_ days: Int, _ bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        plainDate(days, &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    private static func plainDate(_ days: Int, _ bytes: inout [UInt8]) {
        let date = CivilDate(daysSinceEpoch: days)
        guard (0...9999).contains(date.year) else {
            bytes.append(contentsOf: date.description.utf8)
            return
        }
        pair(UInt64(date.year / 100), &bytes)
        pair(UInt64(date.year % 100), &bytes)
        bytes.append(UInt8(ascii: "-"))
        pair(UInt64(date.month), &bytes)
        bytes.append(UInt8(ascii: "-"))
        pair(UInt64(date.day), &bytes)
    }

    /// `12:34:56.789012`
    static func time(_ microseconds: Int64, _ bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        plainTime(UInt64(max(0, microseconds)), fractionDigits: 6, &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    private static func plainTime(_ ticks: UInt64, fractionDigits: Int, _ bytes: inout [UInt8]) {
        let ticksPerSecond: UInt64 = fractionDigits == 9 ? 1_000_000_000 : 1_000_000
        let seconds = ticks / ticksPerSecond
        pair(seconds / 3600, &bytes)
        bytes.append(UInt8(ascii: ":"))
        pair(seconds / 60 % 60, &bytes)
        bytes.append(UInt8(ascii: ":"))
        pair(seconds % 60, &bytes)
        bytes.append(UInt8(ascii: "."))
        var fraction = ticks % ticksPerSecond
        if fractionDigits == 9 {
            pair(fraction / 10_000_000, &bytes)
            pair(fraction / 100_000, &bytes)
            bytes.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: fraction / 10_000 % 10))
            fraction %= 10_000
        } else {
            pair(fraction / 10_000, &bytes)
            fraction %= 10_000
        }
        pair(fraction / 100, &bytes)
        pair(fraction, &bytes)
    }

    /// `2026-01-31T12:34:56.789012Z`; `digits` is 6 for microseconds, 9 for nanoseconds since 1970.
    static func timestamp(_ ticks: Int64, digits: Int, hasZone: Bool, _ bytes: inout [UInt8]) {
        let ticksPerDay: Int64 = digits == 9 ? 86_400_000_000_000 : 86_400_000_000
        // The remainder is taken first: days times their length can leave 64 bits near the ends.
        let rest = ticks % ticksPerDay
        let timeOfDay = rest < 0 ? rest + ticksPerDay : rest
        bytes.append(UInt8(ascii: "\""))
        plainDate(Int(ticks.floorDivided(by: ticksPerDay)), &bytes)
        bytes.append(UInt8(ascii: "T"))
        plainTime(UInt64(timeOfDay), fractionDigits: digits, &bytes)
        if hasZone { bytes.append(UInt8(ascii: "Z")) }
        bytes.append(UInt8(ascii: "\""))
    }

    static func string(_ span: Span<UInt8>, _ bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(UInt8(ascii: "\""))
        var isASCII = true
        for index in 0..<span.count {
            let byte = span[index]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                // Rare: the shared writer knows the escapes.
                bytes.removeLast(bytes.count - start)
                return JSONValue.appendQuoted(text(span), to: &bytes)
            }
            if byte >= 0x80 { isASCII = false }
            bytes.append(byte)
        }
        if !isASCII, String(validating: bytes[(start + 1)...], as: UTF8.self) == nil {
            bytes.removeLast(bytes.count - start)
            return JSONValue.appendQuoted(text(span), to: &bytes)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// JSON text on one line: a line break in it stands between its tokens, for inside of strings it is escaped.
    static func json(_ span: Span<UInt8>, _ bytes: inout [UInt8]) {
        for index in 0..<span.count {
            let byte = span[index]
            let isBreak = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
            bytes.append(isBreak ? UInt8(ascii: " ") : byte)
        }
    }

    /// Bytes that are no UTF-8 become U+FFFD: an answer is JSON whatever a file holds.
    private static func text(_ span: Span<UInt8>) -> String {
        String(decoding: [UInt8](copying: span), as: UTF8.self)
    }

    static func base64(_ value: [UInt8], _ bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: Base64.encode(value).utf8)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Sixteen bytes as canonical text; anything else as hex digits, since a file may hold it.
    static func uuid(_ value: [UInt8], _ bytes: inout [UInt8]) {
        let digits = Hex.encode(value)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: (UniqueID(digits)?.description ?? digits).utf8)
        bytes.append(UInt8(ascii: "\""))
    }

    /// ISO 8601: `P1Y2M3DT4H5M6.7S`, each part with its own sign; nothing at all is `PT0S`.
    static func interval(_ value: Interval, _ bytes: inout [UInt8]) {
        var text = "P"
        func add(_ amount: Int64, _ unit: String) { if amount != 0 { text += "\(amount)\(unit)" } }
        add(Int64(value.months / 12), "Y")
        add(Int64(value.months % 12), "M")
        add(Int64(value.days), "D")
        if value.microseconds != 0 {
            text += "T"
            let seconds = value.microseconds / 1_000_000
            add(seconds / 3600, "H")
            add(seconds / 60 % 60, "M")
            let fraction = (value.microseconds % 1_000_000).magnitude
            if seconds % 60 != 0 || fraction != 0 {
                text += value.microseconds < 0 ? "-\((seconds % 60).magnitude)" : "\(seconds % 60)"
                if fraction != 0 {
                    let digits = String(fraction + 1_000_000).dropFirst()
                    text += "." + String(digits).trimmingZeros
                }
                text += "S"
            }
        }
        bytes.append(contentsOf: "\"\(text == "P" ? "PT0S" : text)\"".utf8)
    }
}

extension String {
    fileprivate var trimmingZeros: String {
        var text = self[...]
        while text.last == "0" { text.removeLast() }
        return String(text)
    }
}
