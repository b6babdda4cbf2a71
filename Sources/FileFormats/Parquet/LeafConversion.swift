import CArrowParquet
import Columnar

/// Turns a leaf's values as the file has them into a column of the asked type.
struct LeafConversion: Sendable {
    let leaf: ParquetFooter.Node
    let type: DataType

    /// - Errors: `FMT-203` when the type does not accept the leaf.
    init(_ leaf: ParquetFooter.Node, as type: DataType) throws(FileFormatsError) {
        self.leaf = leaf
        self.type = type
        guard try ParquetLeafType.isReadable(leaf, as: type) else {
            throw FileFormatsError(
                .incompatibleType, "a column of the file cannot be read as the table's type",
                ["column": leaf.name, "file": try ParquetLeafType.natural(leaf), "table": type])
        }
    }

    /// Byte arrays hold numbers; the shim's old timestamps count nanoseconds.
    var isNumber: Bool {
        type.isDecimal && (leaf.physical == FIRN_ARROW_BYTE_ARRAY || leaf.physical == FIRN_ARROW_FIXED)
            || leaf.physical == FIRN_ARROW_INT96 && (type == .timestampNanos || type == .timestamptzNanos)
    }

    func column(_ values: LeafValues, dictionary: StringColumn?) throws(FileFormatsError) -> Column {
        let converted: ColumnValues
        switch values.payload {
        case .boolean(let bits): converted = .boolean(bits)
        case .float(let items):
            converted = type == .double ? .double(items.map { Double($0) }) : .float(items)
        case .double(let items): converted = .double(items)
        case .int32(let items): converted = try integers(items)
        case .int64(let items): converted = try longs(items)
        case .int128(let items): converted = try decimals(items)
        case .strings(let strings): converted = .string(strings)
        case .indices(let indices): converted = indexed(indices, dictionary ?? StringColumn())
        }
        return Column(type, count: values.count, converted, validity: values.validity)
    }

    private var isUnsigned: Bool { leaf.logical == FIRN_ARROW_INTEGER && !leaf.isSigned }

    private func integers(_ items: [Int32]) throws(FileFormatsError) -> ColumnValues {
        switch type.physical {
        case .int32: return .int32(items)
        case .int128: return .int128(items.map { Int128($0) })
        default:
            if isUnsigned { return .int64(items.map { Int64(UInt32(bitPattern: $0)) }) }
            let factor = ParquetTime.factor(leaf, to: type)
            let wide = items.map { Int64($0) }
            return .int64(factor.multiplier == 1 ? wide : try multiplied(wide, factor.multiplier))
        }
    }

    private func longs(_ items: [Int64]) throws(FileFormatsError) -> ColumnValues {
        if type.physical == .int128 {
            return .int128(
                isUnsigned ? items.map { Int128(UInt64(bitPattern: $0)) } : items.map { Int128($0) })
        }
        let factor = ParquetTime.factor(leaf, to: type)
        if factor.divisor != 1 { return .int64(items.map { ParquetTime.floorDivided($0, factor.divisor) }) }
        return .int64(factor.multiplier == 1 ? items : try multiplied(items, factor.multiplier))
    }

    private func multiplied(_ items: [Int64], _ factor: Int64) throws(FileFormatsError) -> [Int64] {
        var isFitting = true
        let result = items.map { item in
            let (product, overflow) = item.multipliedReportingOverflow(by: factor)
            isFitting = isFitting && !overflow
            return product
        }
        if isFitting { return result }
        throw FileFormatsError(
            .incompatibleType, "a time of the file does not fit the table's type",
            ["column": leaf.name, "table": type])
    }

    private func decimals(_ items: [Int128]) throws(FileFormatsError) -> ColumnValues {
        guard type.physical == .int64 else { return .int128(items) }
        var isFitting = true
        let narrow = items.map { item in
            let value = Int64(truncatingIfNeeded: item)
            isFitting = isFitting && Int128(value) == item
            return value
        }
        guard isFitting else {
            throw FileFormatsError(
                .corruptFile, "a decimal has more digits than its column says", ["column": leaf.name])
        }
        return .int64(narrow)
    }

    private func indexed(_ indices: [Int32], _ dictionary: StringColumn) -> ColumnValues {
        if dictionary.count == 0 {
            // Only nulls so far.
            return .string(StringColumn(views: [StringView](repeating: .empty, count: indices.count)))
        }
        return .dictionary(
            indices: indices, values: Column(type, count: dictionary.count, .string(dictionary)))
    }
}
