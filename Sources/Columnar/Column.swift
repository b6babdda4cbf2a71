/// The values of a column, by how they lie in memory.
///
/// - Nulls: a null row's slot holds any valid value; the column's `validity` tells.
package indirect enum ColumnValues: Sendable {
    case boolean(Bitmap)
    /// int, date.
    case int32([Int32])
    /// long, time, timestamps, decimals of up to 18 digits.
    case int64([Int64])
    /// Decimals of more than 18 digits.
    case int128([Int128])
    case float([Float])
    case double([Double])
    /// string, json, binary, uuid, fixed.
    case string(StringColumn)
    case interval([Interval])
    /// Row r's elements are `element[offsets[r]..<offsets[r + 1]]`; `offsets` has one more entry than rows.
    case list(offsets: [Int32], element: Column)
    case map(offsets: [Int32], keys: Column, values: Column)
    case structure([Column])
    /// Every row holds this value; `.null` makes every row null.
    case constant(Scalar)
    /// Row r's value is `values[indices[r]]`. `values` is flat and has no nulls; null rows are marked outside.
    case dictionary(indices: [Int32], values: Column)
}

/// A typed run of values: flat, constant or dictionary-encoded. Immutable once made.
///
/// - Shapes: `validity`, where present, has `count` bits; flat values have `count` entries.
/// - Nulls: no `validity` means no nulls, except that `constant(.null)` is all null.
package struct Column: Sendable {
    package let type: DataType
    package let count: Int
    package let values: ColumnValues
    /// 1 = not null.
    package let validity: Bitmap?

    package init(_ type: DataType, count: Int, _ values: ColumnValues, validity: Bitmap? = nil) {
        self.type = type
        self.count = count
        self.values = values
        self.validity = validity
        assert(invariantFault == nil, invariantFault ?? "")
    }

    /// `count` rows of one value.
    package static func constant(_ scalar: Scalar, _ type: DataType, count: Int) -> Column {
        Column(type, count: count, .constant(scalar))
    }

    package static func nulls(_ type: DataType, count: Int) -> Column { constant(.null, type, count: count) }

    package func isNull(_ row: Int) -> Bool {
        if case .constant(.null) = values { return true }
        return validity.map { !$0[row] } ?? false
    }

    package var nullCount: Int {
        if case .constant(.null) = values { return count }
        return validity.map { count - $0.setCount } ?? 0
    }

    package var mayHaveNulls: Bool {
        if case .constant(.null) = values { return count > 0 }
        return validity != nil
    }

    /// The value every row has, when the column is in constant form.
    package var constantValue: Scalar? {
        if case .constant(let scalar) = values, validity == nil { return scalar }
        return nil
    }

    /// What is wrong with the column's shape, or nil. Expensive: for debug builds and tests.
    package var invariantFault: String? {
        if let validity, validity.count != count {
            return "validity has \(validity.count) bits for \(count) rows"
        }
        let found: Int
        let physical: DataType.Physical
        switch values {
        case .boolean(let bits): (found, physical) = (bits.count, .boolean)
        case .int32(let items): (found, physical) = (items.count, .int32)
        case .int64(let items): (found, physical) = (items.count, .int64)
        case .int128(let items): (found, physical) = (items.count, .int128)
        case .float(let items): (found, physical) = (items.count, .float)
        case .double(let items): (found, physical) = (items.count, .double)
        case .string(let items): (found, physical) = (items.count, .string)
        case .interval(let items): (found, physical) = (items.count, .interval)
        case .list(let offsets, let element):
            (found, physical) = (offsets.count - 1, .list)
            if Int(offsets.last ?? 0) > element.count { return "list offsets pass the elements" }
        case .map(let offsets, let keys, let values):
            (found, physical) = (offsets.count - 1, .map)
            if keys.count != values.count || Int(offsets.last ?? 0) > keys.count {
                return "map offsets pass the entries"
            }
        case .structure(let fields):
            (found, physical) = (fields.first?.count ?? count, .structure)
            if fields.contains(where: { $0.count != count }) { return "struct fields differ in length" }
        case .constant: (found, physical) = (count, type.physical)
        case .dictionary(let indices, let values):
            (found, physical) = (indices.count, values.type.physical)
            if values.mayHaveNulls { return "dictionary values hold nulls" }
        }
        if found != count { return "\(found) values for \(count) rows of \(type)" }
        if physical != type.physical { return "\(physical) values in a column of \(type)" }
        return nil
    }
}
