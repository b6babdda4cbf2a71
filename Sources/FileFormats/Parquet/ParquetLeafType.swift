import CArrowParquet
import Columnar

/// What the physical values of a Parquet leaf mean.
enum ParquetLeafType {
    /// The type the file's annotations ask for.
    static func natural(_ leaf: ParquetFooter.Node) throws(FileFormatsError) -> DataType {
        switch leaf.physical {
        case FIRN_ARROW_BOOLEAN: return .boolean
        case FIRN_ARROW_FLOAT: return .float
        case FIRN_ARROW_DOUBLE: return .double
        case FIRN_ARROW_INT96: return .timestamp
        case FIRN_ARROW_INT32: return try integer(leaf, plain: .int)
        case FIRN_ARROW_INT64: return try integer(leaf, plain: .long)
        case FIRN_ARROW_BYTE_ARRAY:
            switch leaf.logical {
            case FIRN_ARROW_STRING: return .string
            case FIRN_ARROW_JSON: return .json
            case FIRN_ARROW_DECIMAL: return try decimal(leaf)
            default: return .binary
            }
        case FIRN_ARROW_FIXED:
            switch leaf.logical {
            case FIRN_ARROW_UUID: return .uuid
            case FIRN_ARROW_DECIMAL: return try decimal(leaf)
            default: return .fixed(leaf.byteLength)
            }
        default:
            throw FileFormatsError(
                .unsupportedFile, "a column has a physical type this build does not read",
                ["column": leaf.name])
        }
    }

    private static func integer(
        _ leaf: ParquetFooter.Node, plain: DataType
    ) throws(FileFormatsError) -> DataType {
        switch leaf.logical {
        case FIRN_ARROW_DATE: return .date
        case FIRN_ARROW_TIME: return .time
        case FIRN_ARROW_TIMESTAMP:
            if leaf.unitDigits == 9 { return leaf.isUTC ? .timestamptzNanos : .timestampNanos }
            return leaf.isUTC ? .timestamptz : .timestamp
        case FIRN_ARROW_DECIMAL: return try decimal(leaf)
        case FIRN_ARROW_INTEGER where !leaf.isSigned && leaf.bitWidth == 32: return .long
        case FIRN_ARROW_INTEGER where !leaf.isSigned && leaf.bitWidth == 64:
            return .decimal(precision: 20, scale: 0)
        default: return plain
        }
    }

    private static func decimal(_ leaf: ParquetFooter.Node) throws(FileFormatsError) -> DataType {
        guard (1...DataType.maximumPrecision).contains(leaf.precision),
            (0...leaf.precision).contains(leaf.scale)
        else {
            throw FileFormatsError(
                .unsupportedFile, "a decimal column has more digits than this build holds",
                ["column": leaf.name, "precision": leaf.precision, "scale": leaf.scale])
        }
        return .decimal(precision: leaf.precision, scale: leaf.scale)
    }

    /// Whether values of the leaf can be read as `type`: the same type, or one that Iceberg lets it grow into.
    static func isReadable(_ leaf: ParquetFooter.Node, as type: DataType) throws(FileFormatsError) -> Bool {
        let natural = try natural(leaf)
        if natural == type { return true }
        switch (natural, type) {
        case (.int, .long), (.float, .double): return true
        case (.decimal(let from, let scale), .decimal(let to, let other)): return scale == other && from <= to
        // Annotations of strings, and of time zones, differ between writers; the table's type counts.
        case (.string, .json), (.string, .binary), (.binary, .string), (.binary, .json), (.json, .string),
            (.json, .binary):
            return true
        case (.fixed(16), .uuid), (.uuid, .fixed(16)): return true
        case (.fixed(_), .binary): return true
        case (.int, .date), (.long, .timestamp), (.long, .timestamptz), (.long, .time): return true
        case (.date, .int): return true
        case (.date, .timestamp), (.date, .timestampNanos): return true
        default: return natural.isTimestamp && type.isTimestamp
        }
    }
}
