package import Columnar
import Effects
package import JSONText
import Octets

extension JSONSingleValue {
    /// A value in JSON as answers of scan planning hold partitions and bounds: hexadecimal in capitals.
    ///
    /// Null for nulls, and for payloads that are not the type's. NaN and infinities are strings: JSON has no numbers
    /// for them.
    ///
    /// Source: Iceberg table specification, appendix D; REST catalog specification, `PrimitiveTypeValue`.
    package static func encode(_ value: Scalar, _ type: DataType) -> JSONValue {
        switch (type, value) {
        case (.decimal(_, let scale), .long(let number)): .string(decimalText(Int128(number), scale))
        case (.decimal(_, let scale), .int128(let number)): .string(decimalText(number, scale))
        case (.date, .int(let days)): .string(CivilDate(daysSinceEpoch: Int(days)).description)
        case (.time, .long(let time)): .string(clockText(time, digits: 6))
        case (.timestamp, .long(let time)): .string(timestampText(time, digits: 6))
        case (.timestamptz, .long(let time)): .string(timestampText(time, digits: 6) + "+00:00")
        case (.timestampNanos, .long(let time)): .string(timestampText(time, digits: 9))
        case (.timestamptzNanos, .long(let time)): .string(timestampText(time, digits: 9) + "+00:00")
        case (.uuid, .bytes(let bytes)): uuidText(bytes)
        case (_, .bytes(let bytes)): .string(Hex.encode(bytes).uppercased())
        case (_, .boolean(let flag)): .boolean(flag)
        case (_, .int(let number)): .integer(Int64(number))
        case (_, .long(let number)): .integer(number)
        case (_, .float(let number)): number.isFinite ? .number("\(number)") : JSONValue(Double(number))
        case (_, .double(let number)): JSONValue(number)
        case (_, .string(let text)): .string(text)
        default: .null
        }
    }

    private static func uuidText(_ bytes: [UInt8]) -> JSONValue {
        guard bytes.count == 16 else { return .null }
        let halves = [bytes[..<8], bytes[8...]].map { $0.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        return .string(UniqueID(high: halves[0], low: halves[1]).description)
    }

    private static func decimalText(_ unscaled: Int128, _ scale: Int) -> String {
        let digits = String(unscaled.magnitude)
        let sign = unscaled < 0 ? "-" : ""
        if scale == 0 { return sign + digits }
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        return "\(sign)\(padded.dropLast(scale)).\(padded.suffix(scale))"
    }

    /// `22:31:08.123456`
    private static func clockText(_ time: Int64, digits: Int) -> String {
        let unit: Int64 = digits == 6 ? 1_000_000 : 1_000_000_000
        let seconds = time / unit
        return "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
            + ".\(padded(time % unit, digits))"
    }

    private static func timestampText(_ time: Int64, digits: Int) -> String {
        let day: Int64 = digits == 6 ? 86_400_000_000 : 86_400_000_000_000
        let days = time.floorDivided(by: day)
        var rest = time % day
        if rest < 0 { rest += day }
        return "\(CivilDate(daysSinceEpoch: Int(days)))T\(clockText(rest, digits: digits))"
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
