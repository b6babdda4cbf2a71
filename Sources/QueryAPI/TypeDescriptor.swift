import Columnar
import JSONText

/// The hosted service's description of a result's column.
///
///     {"name":"c","descriptor":{"type":{"name":"int64"},"nullable":false}}
enum TypeDescriptor {
    static func column(_ field: Field, name: String) -> JSONValue {
        [
            "name": .string(name),
            "descriptor": ["type": type(field.type), "nullable": .boolean(!field.isRequired)],
        ]
    }

    static func type(_ type: DataType) -> JSONValue {
        switch type {
        case .null: ["name": "null"]
        case .boolean: ["name": "boolean"]
        case .int: ["name": "int32"]
        case .long: ["name": "int64"]
        case .float: ["name": "float32"]
        case .double: ["name": "float64"]
        case .decimal(let precision, let scale):
            [
                "name": "decimal128", "precision": .integer(Int64(precision)),
                "scale": .integer(Int64(scale)),
            ]
        case .date: ["name": "date"]
        case .time: ["name": "time", "unit": "microsecond"]
        case .timestamp: ["name": "timestamp", "unit": "microsecond"]
        case .timestamptz: ["name": "timestamp", "unit": "microsecond", "timezone": "UTC"]
        case .timestampNanos: ["name": "timestamp", "unit": "nanosecond"]
        case .timestamptzNanos: ["name": "timestamp", "unit": "nanosecond", "timezone": "UTC"]
        case .string: ["name": "string"]
        case .json: ["name": "json"]
        case .binary: ["name": "binary"]
        case .uuid: ["name": "uuid"]
        case .fixed(let length): ["name": "fixed", "length": .integer(Int64(length))]
        case .interval: ["name": "interval"]
        case .list(let element): ["name": "list", "item": item(element)]
        case .map(let key, let value): ["name": "map", "key": item(key), "value": item(value)]
        case .structure(let fields):
            [
                "name": "struct",
                "fields": .array(
                    fields.map { field in
                        [
                            "name": .string(field.name), "type": self.type(field.type),
                            "nullable": .boolean(!field.isRequired),
                        ]
                    }),
            ]
        }
    }

    private static func item(_ field: Field) -> JSONValue {
        ["type": type(field.type), "nullable": .boolean(!field.isRequired)]
    }
}
