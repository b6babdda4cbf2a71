import Columnar
import Kernels
import Plans

/// Arrow's names of types, as DataFusion writes them: `Int64`, `Timestamp(µs, "UTC")`, `Decimal128(10, 2)`, `List(Utf8)`.
enum ArrowTypeNames {
    /// The type that keeps such values here, and for coarser times what is cut off.
    struct Meaning {
        var type: DataType
        /// A unit of `date_trunc`; nil where the type's own is the one meant.
        var unit: String?
    }

    private static let plain: [String: DataType] = [
        "null": .null, "boolean": .boolean, "int8": .int, "int16": .int, "int32": .int, "int64": .long,
        "float32": .float, "float64": .double, "utf8": .string, "largeutf8": .string, "utf8view": .string,
        "binary": .binary, "largebinary": .binary, "binaryview": .binary, "date32": .date, "date64": .date,
    ]

    private static let units = [
        "second": "second", "s": "second", "millisecond": "millisecond", "ms": "millisecond",
        "microsecond": "microsecond", "us": "microsecond", "µs": "microsecond", "nanosecond": "nanosecond",
        "ns": "nanosecond",
    ]

    /// Nil for a name that is none of Arrow's, or of a type that nothing here keeps.
    static func meaning(of text: String) -> Meaning? {
        let name = text.filter { !$0.isWhitespace }.lowercased()
        if let type = plain[name] { return Meaning(type: type) }
        guard let open = name.firstIndex(of: "("), name.hasSuffix(")") else { return nil }
        let inside = String(name[name.index(after: open)...].dropLast())
        switch name[..<open] {
        case "timestamp": return timestamp(inside)
        case "time32", "time64":
            return units[inside].map { Meaning(type: .time, unit: $0 == "nanosecond" ? nil : cut($0)) }
        case "decimal32", "decimal64", "decimal128", "decimal256": return decimal(inside)
        case "fixedsizebinary": return Int(inside).flatMap { $0 > 0 ? Meaning(type: .fixed($0)) : nil }
        case "interval": return inside == "monthdaynano" ? Meaning(type: .interval) : nil
        case "list", "largelist":
            guard let element = meaning(of: inside), element.unit == nil else { return nil }
            return Meaning(type: .list(Field("element", element.type)))
        default: return nil
        }
    }

    private static func cut(_ unit: String) -> String? {
        unit == "second" || unit == "millisecond" ? unit : nil
    }

    /// `µs`, `Microsecond, None`, `ns, "UTC"`, `Second, Some("Europe/Berlin")`: any zone means an instant.
    private static func timestamp(_ inside: String) -> Meaning? {
        let parts = inside.split(separator: ",", maxSplits: 1).map(String.init)
        guard let first = parts.first, let unit = units[first] else { return nil }
        let hasZone = parts.count == 2 && parts[1] != "none"
        if unit == "nanosecond" { return Meaning(type: hasZone ? .timestamptzNanos : .timestampNanos) }
        return Meaning(type: hasZone ? .timestamptz : .timestamp, unit: cut(unit))
    }

    private static func decimal(_ inside: String) -> Meaning? {
        let digits = inside.split(separator: ",").map { Int($0) }
        guard digits.count == 2, let precision = digits[0], let scale = digits[1],
            (1...DataType.maximumPrecision).contains(precision), (0...precision).contains(scale)
        else { return nil }
        return Meaning(type: .decimal(precision: precision, scale: scale))
    }
}
