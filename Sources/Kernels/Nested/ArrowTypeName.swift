import Columnar

/// Arrow's names of types, as arrow-rs and so DataFusion 55 writes them.
enum ArrowTypeName {
    static func of(_ type: DataType) -> String {
        switch type {
        case .null: "Null"
        case .boolean: "Boolean"
        case .int: "Int32"
        case .long: "Int64"
        case .float: "Float32"
        case .double: "Float64"
        case .decimal(let precision, let scale): "Decimal128(\(precision), \(scale))"
        case .string, .json: "Utf8"
        case .binary: "Binary"
        case .fixed(let length): "FixedSizeBinary(\(length))"
        case .uuid: "FixedSizeBinary(16)"
        case .date: "Date32"
        case .time: "Time64(µs)"
        case .timestamp: "Timestamp(µs)"
        case .timestamptz: "Timestamp(µs, \"UTC\")"
        case .timestampNanos: "Timestamp(ns)"
        case .timestamptzNanos: "Timestamp(ns, \"UTC\")"
        case .interval: "Interval(MonthDayNano)"
        case .list(let element): "List(\(of(element)))"
        case .map(let key, let value):
            "Map(\"entries\": non-null Struct(\(field(key)), \(field(value))), unsorted)"
        case .structure(let fields): "Struct(\(fields.map { field($0) }.joined(separator: ", ")))"
        }
    }

    private static func field(_ field: Field) -> String { "\"\(field.name)\": \(of(field))" }

    private static func of(_ field: Field) -> String {
        (field.isRequired ? "non-null " : "") + of(field.type)
    }
}
