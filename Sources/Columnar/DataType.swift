/// The one type system: Iceberg tables, streams, SQL and files all speak it.
///
/// Prints itself in lower case, `decimal(9, 2)`, `list<int>`, `struct<a: int, b: string>`; plans and messages use the
/// print.
package indirect enum DataType: Sendable, Hashable {
    /// The type of a bare NULL; Iceberg calls it `unknown`.
    case null
    case boolean
    /// 32 bits, signed.
    case int
    /// 64 bits, signed.
    case long
    case float
    case double
    /// Exact; `precision` is 1…38 digits, `scale` of them behind the point.
    case decimal(precision: Int, scale: Int)
    /// Days since 1970-01-01.
    case date
    /// Microseconds since midnight.
    case time
    /// Microseconds since 1970-01-01, in no zone.
    case timestamp
    /// Microseconds since 1970-01-01T00:00Z: an instant.
    case timestamptz
    case timestampNanos
    case timestamptzNanos
    /// UTF-8.
    case string
    case binary
    /// 16 bytes, big-endian.
    case uuid
    case fixed(Int)
    /// JSON text, kept as written. Stored as a string; Iceberg tables see a string.
    case json
    /// Months, days and microseconds. Not a table type.
    case interval
    case list(Field)
    case map(key: Field, value: Field)
    case structure([Field])
}

extension DataType {
    /// The most digits a decimal may have.
    package static let maximumPrecision = 38
    /// The most digits of a decimal that lives in 64 bits.
    package static let longPrecision = 18

    /// How values of the type lie in memory; see `ColumnValues`.
    package enum Physical: Sendable, Hashable {
        case null, boolean, int32, int64, int128, float, double, string, interval, list, map, structure
    }

    package var physical: Physical {
        switch self {
        case .null: .null
        case .boolean: .boolean
        case .int, .date: .int32
        case .long, .time, .timestamp, .timestamptz, .timestampNanos, .timestamptzNanos: .int64
        case .decimal(let precision, _): precision <= Self.longPrecision ? .int64 : .int128
        case .float: .float
        case .double: .double
        case .string, .binary, .uuid, .fixed, .json: .string
        case .interval: .interval
        case .list: .list
        case .map: .map
        case .structure: .structure
        }
    }

    package var isNested: Bool {
        switch self {
        case .list, .map, .structure: true
        default: false
        }
    }

    package var isInteger: Bool { self == .int || self == .long }
    package var isFloating: Bool { self == .float || self == .double }
    package var isDecimal: Bool { if case .decimal = self { true } else { false } }
    package var isNumeric: Bool { isInteger || isFloating || isDecimal }
    package var isTimestamp: Bool {
        switch self {
        case .timestamp, .timestamptz, .timestampNanos, .timestamptzNanos: true
        default: false
        }
    }
    /// Text in UTF-8: string and json.
    package var isText: Bool { self == .string || self == .json }
}

extension DataType: CustomStringConvertible {
    package var description: String {
        switch self {
        case .null: "unknown"
        case .boolean: "boolean"
        case .int: "int"
        case .long: "long"
        case .float: "float"
        case .double: "double"
        case .decimal(let precision, let scale): "decimal(\(precision), \(scale))"
        case .date: "date"
        case .time: "time"
        case .timestamp: "timestamp"
        case .timestamptz: "timestamptz"
        case .timestampNanos: "timestamp_ns"
        case .timestamptzNanos: "timestamptz_ns"
        case .string: "string"
        case .binary: "binary"
        case .uuid: "uuid"
        case .fixed(let length): "fixed[\(length)]"
        case .json: "json"
        case .interval: "interval"
        case .list(let element): "list<\(element.type)>"
        case .map(let key, let value): "map<\(key.type), \(value.type)>"
        case .structure(let fields):
            "struct<" + fields.map { "\($0.name): \($0.type)" }.joined(separator: ", ") + ">"
        }
    }
}
