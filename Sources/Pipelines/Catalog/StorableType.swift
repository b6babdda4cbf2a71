import Columnar
import Faults

/// What a stream's or a query's types become in a table of format version 2.
enum StorableType {
    /// Nil for types no table stores. JSON is kept as its text.
    static func of(_ type: DataType) -> DataType? {
        switch type {
        case .null, .interval, .timestampNanos, .timestamptzNanos: return nil
        case .json: return .string
        case .list(let element): return field(element).map { .list($0) }
        case .map(let key, let value):
            guard let key = field(key), let value = field(value) else { return nil }
            return .map(key: key, value: value)
        case .structure(let fields):
            let stored = fields.compactMap { field($0) }
            return stored.count == fields.count ? .structure(stored) : nil
        default: return type
        }
    }

    static func field(_ field: Field) -> Field? {
        guard let type = of(field.type) else { return nil }
        return Field(field.name, type, isRequired: field.isRequired)
    }

    /// The same types, whatever the ids and whether values may be null.
    static func isSame(_ left: DataType, _ right: DataType) -> Bool {
        switch (left, right) {
        case (.list(let left), .list(let right)): isSame(left.type, right.type)
        case (.map(let leftKey, let leftValue), .map(let rightKey, let rightValue)):
            isSame(leftKey.type, rightKey.type) && isSame(leftValue.type, rightValue.type)
        case (.structure(let left), .structure(let right)):
            left.count == right.count
                && zip(left, right).allSatisfy { $0.name == $1.name && isSame($0.type, $1.type) }
        default: left == right
        }
    }

    /// Whether a column of a table takes values of another type as they are: the same type, or one that loses nothing.
    static func takes(_ stored: DataType, _ written: DataType) -> Bool {
        switch (written, stored) {
        case (.int, .long), (.float, .double): true
        case (.decimal(let precision, let scale), .decimal(let wider, let finer)):
            finer >= scale && wider - finer >= precision - scale
        default: isSame(stored, written)
        }
    }

    /// - Errors: `PIP-107` that names the column.
    static func schema(
        of columns: Schema, at place: FaultPlace? = nil
    ) throws(PipelinesError) -> Schema {
        var fields: [Field] = []
        for column in columns.fields {
            guard let stored = field(column) else {
                throw PipelinesError(
                    .unsupportedStatement, "no table stores a column of this type",
                    ["column": column.name, "type": column.type], at: place,
                    hint: "cast it to another type")
            }
            fields.append(stored)
        }
        return Schema(fields)
    }
}
