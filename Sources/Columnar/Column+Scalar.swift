extension Column {
    /// The value of one row. For edges and tests: kernels read the values themselves.
    package func scalar(at row: Int) -> Scalar {
        precondition(row >= 0 && row < count)
        if isNull(row) { return .null }
        switch values {
        case .boolean(let bits): return .boolean(bits[row])
        case .int32(let items): return .int(items[row])
        case .int64(let items): return .long(items[row])
        case .int128(let items): return .int128(items[row])
        case .float(let items): return .float(items[row])
        case .double(let items): return .double(items[row])
        case .string(let items):
            return type.isText ? .string(items.string(at: row)) : .bytes(items.bytes(at: row))
        case .interval(let items): return .interval(items[row])
        case .list(let offsets, let element):
            return .list((Int(offsets[row])..<Int(offsets[row + 1])).map { element.scalar(at: $0) })
        case .map(let offsets, let keys, let values):
            return .map(
                (Int(offsets[row])..<Int(offsets[row + 1])).map {
                    ScalarPair(keys.scalar(at: $0), values.scalar(at: $0))
                })
        case .structure(let fields): return .structure(fields.map { $0.scalar(at: row) })
        case .constant(let scalar): return scalar
        case .dictionary(let indices, let values): return values.scalar(at: Int(indices[row]))
        }
    }

    /// Every row's value, in order.
    package var scalars: [Scalar] { (0..<count).map { scalar(at: $0) } }

    /// A flat column of these values; each fits the type's payload or is null.
    package init(_ type: DataType, _ scalars: [Scalar]) {
        var builder = ColumnBuilder(type)
        for scalar in scalars { builder.append(scalar) }
        self = builder.finish()
    }
}
