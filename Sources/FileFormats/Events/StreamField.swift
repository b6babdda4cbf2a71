package import Columnar
package import JSONText

/// The type of a stream's field, in the hosted service's words.
package indirect enum StreamType: Sendable, Hashable {
    case string
    /// Becomes an int, as the next three.
    case int8
    case int16
    case uint8
    case uint16
    case int32
    case int64
    /// Becomes a long.
    case uint32
    /// Becomes a decimal(20, 0): the next type that holds it.
    case uint64
    case float32
    case float64
    case bool
    case decimal(precision: Int, scale: Int)
    /// RFC 3339 text, or a number counted in `unit`. Kept in microseconds, finer parts cut off.
    case timestamp(unit: StreamTimeUnit)
    case date
    /// Any value, kept as its text.
    case json
    /// Base64.
    case binary
    case uuid
    case list(StreamField)
    case structure([StreamField])
    /// An object, or an array of objects with a key and a value. Keys are strings or integers.
    case map(key: StreamField, value: StreamField)
}

/// What a number means in a timestamp field.
package enum StreamTimeUnit: String, Sendable, Hashable, CaseIterable {
    case second, millisecond, microsecond, nanosecond

    /// A second has ten to this power of them.
    package var digits: Int {
        switch self {
        case .second: 0
        case .millisecond: 3
        case .microsecond: 6
        case .nanosecond: 9
        }
    }
}

extension StreamType {
    /// The type of the column that holds the field's values.
    package var columnType: DataType {
        switch self {
        case .string: .string
        case .int8, .int16, .uint8, .uint16, .int32: .int
        case .int64, .uint32: .long
        case .uint64: .decimal(precision: 20, scale: 0)
        case .float32: .float
        case .float64: .double
        case .bool: .boolean
        case .decimal(let precision, let scale): .decimal(precision: precision, scale: scale)
        case .timestamp: .timestamptz
        case .date: .date
        case .json: .json
        case .binary: .binary
        case .uuid: .uuid
        case .list(let items): .list(items.column)
        case .structure(let fields): .structure(fields.map(\.column))
        case .map(let key, let value): .map(key: key.column, value: value.column)
        }
    }

    /// The type's name in a stream's schema.
    package var name: String {
        switch self {
        case .string: "string"
        case .int8: "int8"
        case .int16: "int16"
        case .uint8: "uint8"
        case .uint16: "uint16"
        case .int32: "int32"
        case .int64: "int64"
        case .uint32: "uint32"
        case .uint64: "uint64"
        case .float32: "float32"
        case .float64: "float64"
        case .bool: "bool"
        case .decimal: "decimal128"
        case .timestamp: "timestamp"
        case .date: "date"
        case .json: "json"
        case .binary: "binary"
        case .uuid: "uuid"
        case .list: "list"
        case .structure: "struct"
        case .map: "map"
        }
    }
}

/// One named value of a stream's events.
package struct StreamField: Sendable, Hashable {
    package var name: String
    package var type: StreamType
    /// An event without the field, or with null in it, is a misfit.
    package var isRequired: Bool
    /// What an event without the field has; null stays null. It fits the type.
    package var defaultValue: JSONValue?
    /// Members of the hosted API that mean nothing here; stored and echoed.
    package var metadataKey: String?
    package var sqlName: String?

    package init(
        _ name: String, _ type: StreamType, isRequired: Bool = false, defaultValue: JSONValue? = nil,
        metadataKey: String? = nil, sqlName: String? = nil
    ) {
        self.name = name
        self.type = type
        self.isRequired = isRequired
        self.defaultValue = defaultValue
        self.metadataKey = metadataKey
        self.sqlName = sqlName
    }

    package var column: Field { Field(name, type.columnType, isRequired: isRequired) }
}
