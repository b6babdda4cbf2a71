package import Columnar

/// The names of the primitive types in metadata files: `decimal(9, 2)`, `fixed[16]`, `timestamptz`.
///
/// Source: Iceberg table specification, appendix C, "Schemas".
package enum TypeText {
    private static let simple: [String: DataType] = [
        "unknown": .null, "boolean": .boolean, "int": .int, "long": .long, "float": .float, "double": .double,
        "date": .date, "time": .time, "timestamp": .timestamp, "timestamptz": .timestamptz,
        "timestamp_ns": .timestampNanos, "timestamptz_ns": .timestamptzNanos, "string": .string,
        "uuid": .uuid,
        "binary": .binary,
    ]

    /// Nil for a name Firn cannot read.
    package static func parse(_ text: String) -> DataType? {
        if let type = simple[text] { return type }
        if let inner = inside(text, "fixed[", "]") {
            guard let length = Int32(inner), length > 0 else { return nil }
            return .fixed(Int(length))
        }
        guard let inner = inside(text, "decimal(", ")") else { return nil }
        let numbers = inner.split(separator: ",", omittingEmptySubsequences: false).map { part in
            Int(part.drop { $0 == " " })
        }
        guard numbers.count == 2, let precision = numbers[0], let scale = numbers[1],
            (1...DataType.maximumPrecision).contains(precision), (0...precision).contains(scale)
        else { return nil }
        return .decimal(precision: precision, scale: scale)
    }

    /// A type of the specification that Firn only carries.
    static func isOpaque(_ text: String) -> Bool {
        text == "variant" || text == "geometry" || text == "geography" || text.hasPrefix("geometry(")
            || text.hasPrefix("geography(")
    }

    /// Nil for types a table cannot hold: intervals and the nested ones, which have no name.
    package static func print(_ type: DataType) -> String? {
        switch type {
        case .json: "string"
        case .interval, .list, .map, .structure: nil
        default: type.description
        }
    }

    private static func inside(_ text: String, _ start: String, _ end: String) -> Substring? {
        guard text.hasPrefix(start), text.hasSuffix(end), text.utf8.count > start.utf8.count else {
            return nil
        }
        return text.dropFirst(start.count).dropLast(end.count)
    }

    /// The first format version whose tables may hold the type.
    static func minimumVersion(_ type: DataType) -> Int {
        switch type {
        case .null, .timestampNanos, .timestamptzNanos: 3
        default: 1
        }
    }
}
