package import Columnar
import Effects

extension Transform {
    /// The results for every row; null stays null. Dictionaries and constants keep their form, so a dictionary column
    /// costs one application an entry.
    ///
    /// - Errors: `ICE-105` when the transform does not take the column's type.
    package func apply(to column: Column) throws(IcebergError) -> Column {
        guard let result = resultType(of: column.type), isKnown else {
            throw IcebergError(
                .invalidPartitionSpec, "the transform does not take the column's type",
                ["transform": self, "type": column.type])
        }
        if self == .identity { return column }
        if self == .void { return .nulls(result, count: column.count) }
        switch column.values {
        case .constant(let value):
            guard let output = apply(value, column.type) else { throw payload(column.type) }
            return Column(result, count: column.count, .constant(output), validity: column.validity)
        case .dictionary(let indices, let values):
            let outputs = try apply(to: values)
            return Column(
                result, count: column.count, .dictionary(indices: indices, values: outputs.flattened()),
                validity: column.validity)
        default:
            return Column(result, count: column.count, try values(column), validity: column.validity)
        }
    }

    package var isKnown: Bool { if case .unknown = self { false } else { true } }

    private func payload(_ type: DataType) -> IcebergError {
        IcebergError(.malformedValue, "a value does not fit its column's type", ["type": type])
    }

    private func values(_ column: Column) throws(IcebergError) -> ColumnValues {
        switch (self, column.values) {
        case (.bucket(let count), .int32(let items)):
            return .int32(items.map { Self.bucket(Murmur3.hash(Int64($0)), count) })
        case (.bucket(let count), .int64(let items)) where !column.type.isDecimal:
            let divisor: Int64 = isNanoseconds(column.type) ? 1000 : 1
            return .int32(items.map { Self.bucket(Murmur3.hash($0.floorDivided(by: divisor)), count) })
        case (.bucket(let count), .string(let items)):
            return .int32(
                (0..<items.count).map { row in
                    Self.bucket(items.withBytes(at: row) { Murmur3.hash($0) }, count)
                })
        case (.truncate(let width), .int32(let items)):
            let width = Int32(truncatingIfNeeded: width)
            return .int32(items.map { Self.roundedDown($0, width) })
        case (.truncate(let width), .int64(let items)):
            return .int64(items.map { Self.roundedDown($0, Int64(width)) })
        case (.year, .int32(let items)), (.month, .int32(let items)), (.day, .int32(let items)):
            return .int32(items.map { units(ofDay: Int64($0)) })
        case (.year, .int64(let items)), (.month, .int64(let items)), (.day, .int64(let items)),
            (.hour, .int64(let items)):
            let divisor: Int64 = isNanoseconds(column.type) ? 1000 : 1
            return .int32(items.map { units(ofMicroseconds: $0.floorDivided(by: divisor)) })
        default:
            return try valueByValue(column)
        }
    }

    private func isNanoseconds(_ type: DataType) -> Bool {
        type == .timestampNanos || type == .timestamptzNanos
    }

    /// Decimals, and strings cut at characters: rare enough to go through scalars.
    private func valueByValue(_ column: Column) throws(IcebergError) -> ColumnValues {
        var builder = ColumnBuilder(resultType(of: column.type) ?? column.type)
        for row in 0..<column.count {
            guard let output = apply(column.scalar(at: row), column.type) else { throw payload(column.type) }
            builder.append(output)
        }
        return builder.finish().values
    }
}
