package import Columnar
import JSONText

extension Column {
    /// Every value as another type, by PostgreSQL's rules.
    ///
    /// - Nulls: stay null. With `isTry`, a value that cannot be converted becomes null instead of an error.
    /// - Errors: `invalidCast`, `overflow` with the value and its row; `unsupported` for types with no conversion.
    /// - Cost: a constant converts once, a dictionary once a distinct value.
    package func cast(to target: DataType, isTry: Bool = false) throws(KernelError) -> Column {
        if type == target { return self }
        if type == .null || constantValue == .null { return .nulls(target, count: count) }
        if constantValue != nil, count != 1 {
            let one = try Cast(to: target, isTry: isTry).evaluate(slice(0..<min(1, count)).flattened())
            return .constant(count == 0 ? .null : one.scalar(at: 0), target, count: count)
        }
        if case .dictionary(let indices, let dictionary) = values, dictionary.count <= count {
            if let converted = castDictionary(dictionary, to: target) {
                let spread = Column(target, count: count, .dictionary(indices: indices, values: converted))
                let values = target.physical == .string ? spread.values : spread.flattened().values
                return Column(target, count: count, values, validity: validity)
            }
        }
        return try Cast(to: target, isTry: isTry).evaluate(flattened())
    }
}

/// Casts the distinct values; nil when one fails: no row may use it, so then the rows decide.
private func castDictionary(_ values: Column, to target: DataType) -> Column? {
    do throws(KernelError) {
        let converted = try Cast(to: target, isTry: false).evaluate(values.flattened()).flattened()
        return converted.mayHaveNulls ? nil : converted
    } catch {
        return nil
    }
}

/// Converts flat columns to one type.
struct Cast {
    let target: DataType
    let isTry: Bool

    init(to target: DataType, isTry: Bool) {
        self.target = target
        self.isTry = isTry
    }

    func evaluate(_ column: Column) throws(KernelError) -> Column {
        if column.type.isText { return try fromText(column) }
        switch target {
        case .string: return try toText(column)
        case .json: return try toJSON(column)
        case .boolean: return try toBoolean(column)
        case .int, .long, .float, .double, .decimal: return try NumberCast(self).evaluate(column)
        case .date, .time, .timestamp, .timestamptz, .timestampNanos, .timestamptzNanos:
            return try TimeCast(self).evaluate(column)
        case .binary, .uuid, .fixed: return try toBytes(column)
        case .list, .map, .structure: return try nested(column)
        case .interval:
            guard column.type == .time else { throw unsupported(column.type) }
            return Column(
                .interval, count: column.count,
                .interval(items(column, Int64.self).map { Interval(microseconds: $0) }),
                validity: column.validity)
        case .null: throw unsupported(column.type)
        }
    }

    func rows(_ column: Column) -> RowPlan {
        RowPlan(count: column.count, validity: column.validity, isTry: isTry)
    }

    func items<Value: FixedValue>(_ column: Column, _: Value.Type) -> [Value] {
        guard let items = Value.items(of: column.values) else {
            preconditionFailure("a \(column.type) column is not made of \(Value.self)")
        }
        return items
    }

    func unsupported(_ source: DataType) -> KernelError {
        KernelError(.unsupported, "there is no such cast", ["from": "\(source)", "to": "\(target)"])
    }

    func invalid(_ value: String) -> KernelError {
        KernelError(
            .invalidCast, "the value cannot be read as this type",
            ["value": "'\(value.prefix(100))'", "type": "\(target)"])
    }

    func outOfRange(_ value: String) -> KernelError {
        KernelError(.overflow, "the value is out of range", ["value": value, "type": "\(target)"])
    }

    private func toBoolean(_ column: Column) throws(KernelError) -> Column {
        switch column.values {
        case .int32(let items) where column.type == .int:
            return try rows(column).truth { row throws(KernelError) in items[row] != 0 }
        case .int64(let items) where column.type == .long:
            return try rows(column).truth { row throws(KernelError) in items[row] != 0 }
        default: throw unsupported(column.type)
        }
    }

    private func toBytes(_ column: Column) throws(KernelError) -> Column {
        let text = column.type.physical == .string ? TextOperand(column) : nil
        guard let text else { throw unsupported(column.type) }
        let wanted: Int? = if case .fixed(let length) = target { length } else { target == .uuid ? 16 : nil }
        return try rows(column).text(target) { row, buffer throws(KernelError) in
            text.withBytes(at: row) { bytes in buffer.append(copying: bytes) }
            if let wanted, buffer.count != wanted {
                throw KernelError(
                    .invalidCast, "the value has another length",
                    ["bytes": buffer.count, "type": "\(target)"])
            }
            return true
        }
    }

    private func toText(_ column: Column) throws(KernelError) -> Column {
        let writer = try ValueWriter(column)
        return try rows(column).text(target) { row, buffer throws(KernelError) in
            try writer.append(row, to: &buffer)
            return true
        }
    }

    private func toJSON(_ column: Column) throws(KernelError) -> Column {
        try rows(column).text(.json) { row, buffer throws(KernelError) in
            JSONRendering.append(column, row, to: &buffer)
            return true
        }
    }

    private func nested(_ column: Column) throws(KernelError) -> Column {
        switch (column.values, target) {
        case (.list(let offsets, let element), .list(let field)):
            let converted = try element.cast(to: field.type, isTry: isTry)
            return Column(
                target, count: column.count, .list(offsets: offsets, element: converted),
                validity: column.validity)
        case (.map(let offsets, let keys, let values), .map(let key, let value)):
            return Column(
                target, count: column.count,
                .map(
                    offsets: offsets, keys: try keys.cast(to: key.type, isTry: isTry),
                    values: try values.cast(to: value.type, isTry: isTry)), validity: column.validity)
        case (.structure(let parts), .structure(let fields)):
            guard case .structure(let own) = column.type, let match = FieldMatch(own, to: fields) else {
                throw unsupported(column.type)
            }
            var converted: [Column] = []
            for (field, place) in zip(fields, match.places) {
                if let place {
                    converted.append(try parts[place].cast(to: field.type, isTry: isTry))
                } else {
                    converted.append(Column.nulls(field.type, count: column.count).flattened())
                }
            }
            return Column(target, count: column.count, .structure(converted), validity: column.validity)
        default: throw unsupported(column.type)
        }
    }
}
