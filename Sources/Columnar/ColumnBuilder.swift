/// Builds a flat column value by value. For edges: kernels and readers fill arrays at once.
package struct ColumnBuilder {
    package let type: DataType
    package private(set) var count = 0
    private var validity = Bitmap()
    private var hasNulls = false

    // One of these fills, by the type's physical form.
    private var bits = Bitmap()
    private var int32s: [Int32] = []
    private var int64s: [Int64] = []
    private var int128s: [Int128] = []
    private var floats: [Float] = []
    private var doubles: [Double] = []
    private var strings = StringColumn()
    private var intervals: [Interval] = []
    private var offsets: [Int32] = [0]
    private var children: [ColumnBuilder] = []

    package init(_ type: DataType) {
        self.type = type
        switch type {
        case .list(let element): children = [ColumnBuilder(element.type)]
        case .map(let key, let value): children = [ColumnBuilder(key.type), ColumnBuilder(value.type)]
        case .structure(let fields): children = fields.map { ColumnBuilder($0.type) }
        default: break
        }
    }

    package mutating func appendNull() { append(.null) }

    /// Appends one value; its payload must be the one `Scalar` documents for the type.
    package mutating func append(_ scalar: Scalar) {
        count += 1
        validity.append(!scalar.isNull)
        if scalar.isNull {
            hasNulls = true
            appendFiller()
        } else {
            appendValue(scalar)
        }
    }

    private mutating func appendValue(_ scalar: Scalar) {
        switch (type.physical, scalar) {
        case (.boolean, .boolean(let value)): bits.append(value)
        case (.int32, .int(let value)): int32s.append(value)
        case (.int64, .long(let value)): int64s.append(value)
        case (.int64, .int(let value)): int64s.append(Int64(value))
        case (.int128, .int128(let value)): int128s.append(value)
        case (.int128, .long(let value)): int128s.append(Int128(value))
        case (.float, .float(let value)): floats.append(value)
        case (.double, .double(let value)): doubles.append(value)
        case (.string, .string(let value)): strings.append(value)
        case (.string, .bytes(let value)): strings.append(value)
        case (.interval, .interval(let value)): intervals.append(value)
        case (.list, .list(let elements)):
            for element in elements { children[0].append(element) }
            offsets.append(Int32(children[0].count))
        case (.map, .map(let pairs)):
            for pair in pairs {
                children[0].append(pair.key)
                children[1].append(pair.value)
            }
            offsets.append(Int32(children[0].count))
        case (.structure, .structure(let fields)):
            precondition(fields.count == children.count, "a struct value has another number of fields")
            for (index, field) in fields.enumerated() { children[index].append(field) }
        default: preconditionFailure("a \(type) column cannot hold \(scalar)")
        }
    }

    private mutating func appendFiller() {
        switch type.physical {
        case .null: break
        case .boolean: bits.append(false)
        case .int32: int32s.append(0)
        case .int64: int64s.append(0)
        case .int128: int128s.append(0)
        case .float: floats.append(0)
        case .double: doubles.append(0)
        case .string: strings.appendEmpty()
        case .interval: intervals.append(Interval())
        case .list, .map: offsets.append(Int32(children[0].count))
        case .structure: for index in children.indices { children[index].appendNull() }
        }
    }

    package func finish() -> Column {
        let values: ColumnValues =
            switch type.physical {
            case .null: .constant(.null)
            case .boolean: .boolean(bits)
            case .int32: .int32(int32s)
            case .int64: .int64(int64s)
            case .int128: .int128(int128s)
            case .float: .float(floats)
            case .double: .double(doubles)
            case .string: .string(strings)
            case .interval: .interval(intervals)
            case .list: .list(offsets: offsets, element: children[0].finish())
            case .map: .map(offsets: offsets, keys: children[0].finish(), values: children[1].finish())
            case .structure: .structure(children.map { $0.finish() })
            }
        let isAllNull = if case .constant = values { true } else { false }
        return Column(type, count: count, values, validity: hasNulls && !isAllNull ? validity : nil)
    }
}
