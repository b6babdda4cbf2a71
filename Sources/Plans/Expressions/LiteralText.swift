package import Columnar
import Effects

/// Writes literals as SQL reads them, for plans and names of columns.
package enum LiteralText {
    package static func text(_ value: Scalar, _ type: DataType) -> String {
        switch (type, value) {
        case (_, .null): "null"
        case (.date, .int(let days)): "date '\(CivilDate(daysSinceEpoch: Int(days)))'"
        case (.time, .long(let microseconds)): "time '\(timeOfDay(microseconds))'"
        case (.timestamp, .long(let microseconds)), (.timestamptz, .long(let microseconds)):
            "\(type) '\(timestamp(microseconds, isZoned: type == .timestamptz))'"
        case (.timestampNanos, .long(let nanoseconds)), (.timestamptzNanos, .long(let nanoseconds)):
            "\(type) '\(nanoseconds) ns'"
        case (.decimal(_, let scale), .long(let unscaled)): decimal(Int128(unscaled), scale: scale)
        case (.decimal(_, let scale), .int128(let unscaled)): decimal(unscaled, scale: scale)
        case (.uuid, .bytes(let bytes)): "uuid '\(hex(bytes))'"
        case (.list(let element), .list(let elements)):
            "[" + elements.map { text($0, element.type) }.joined(separator: ", ") + "]"
        default: plain(value)
        }
    }

    private static func plain(_ value: Scalar) -> String {
        switch value {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .int(let value): "\(value)"
        case .long(let value): "\(value)"
        case .int128(let value): "\(value)"
        case .float(let value): "\(value)"
        case .double(let value): "\(value)"
        case .string(let text): quoted(text)
        case .bytes(let bytes): "x'\(hex(bytes))'"
        case .interval(let interval):
            "interval '\(interval.months) months \(interval.days) days \(interval.microseconds) microseconds'"
        case .list(let elements): "[" + elements.map(plain).joined(separator: ", ") + "]"
        case .map(let pairs):
            "{" + pairs.map { "\(plain($0.key)): \(plain($0.value))" }.joined(separator: ", ") + "}"
        case .structure(let fields): "(" + fields.map(plain).joined(separator: ", ") + ")"
        }
    }

    /// By scalars: a quote with an accent on it is another character to Swift, but ends a text of SQL.
    private static func quoted(_ text: String) -> String {
        let parts = text.unicodeScalars.split(separator: "'", omittingEmptySubsequences: false)
        return "'" + parts.map { String($0) }.joined(separator: "''") + "'"
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    private static func timestamp(_ microseconds: Int64, isZoned: Bool) -> String {
        let text = Instant(microseconds: microseconds).rfc3339
        let fraction = text.hasSuffix(".000000Z") ? 8 : 1
        return text.dropLast(fraction) + (isZoned ? "Z" : "")
    }

    private static func timeOfDay(_ microseconds: Int64) -> String {
        String(timestamp(microseconds, isZoned: false).dropFirst("1970-01-01T".count))
    }

    package static func decimal(_ unscaled: Int128, scale: Int) -> String {
        guard scale > 0 else { return "\(unscaled)" }
        let digits = "\(unscaled.magnitude)"
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        return (unscaled < 0 ? "-" : "") + padded.dropLast(scale) + "." + padded.suffix(scale)
    }
}
