import CArrowParquet
package import Columnar

/// What a footer says about one column of a row group, or of the whole file.
package struct ParquetStatistics: Sendable, Hashable {
    /// Values and nulls.
    package var valueCount: Int
    /// Nil when the file does not say.
    package var nullCount: Int?
    /// No value but NaN is smaller. Nil when the file does not say, or all are null.
    package var minimum: Scalar?
    package var maximum: Scalar?

    package init(valueCount: Int, nullCount: Int?, minimum: Scalar?, maximum: Scalar?) {
        self.valueCount = valueCount
        self.nullCount = nullCount
        self.minimum = minimum
        self.maximum = maximum
    }
}

/// Reads bounds out of their plain-encoded bytes.
enum ParquetBound {
    /// The bound as a value of `type`, which the leaf can be read as. Nil for bytes that are no such value: a bound
    /// nobody understands is no bound.
    static func scalar(_ bytes: [UInt8]?, _ leaf: ParquetFooter.Node, as type: DataType) -> Scalar? {
        guard let bytes else { return nil }
        switch leaf.physical {
        case FIRN_ARROW_BOOLEAN: return bytes.count == 1 ? .boolean(bytes[0] != 0) : nil
        case FIRN_ARROW_INT32:
            guard bytes.count == 4 else { return nil }
            return integer(Int64(Int32(truncatingIfNeeded: littleEndian(bytes))), leaf, type)
        case FIRN_ARROW_INT64:
            guard bytes.count == 8 else { return nil }
            return integer(Int64(bitPattern: littleEndian(bytes)), leaf, type)
        case FIRN_ARROW_FLOAT:
            guard bytes.count == 4 else { return nil }
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: littleEndian(bytes)))
            if value.isNaN { return nil }
            return type == .double ? .double(Double(value)) : .float(value)
        case FIRN_ARROW_DOUBLE:
            guard bytes.count == 8 else { return nil }
            let value = Double(bitPattern: littleEndian(bytes))
            return value.isNaN ? nil : .double(value)
        case FIRN_ARROW_BYTE_ARRAY, FIRN_ARROW_FIXED:
            if case .decimal(let precision, _) = type { return decimal(bytes, precision: precision) }
            if type.isText { return String(validating: bytes, as: UTF8.self).map { .string($0) } }
            return .bytes(bytes)
        default: return nil
        }
    }

    private static func littleEndian(_ bytes: [UInt8]) -> UInt64 {
        StringColumn.load(bytes.span, 0, bytes.count)
    }

    private static func integer(_ value: Int64, _ leaf: ParquetFooter.Node, _ type: DataType) -> Scalar? {
        // Bounds of unsigned numbers are ordered as unsigned; read as signed they would prune wrongly.
        if leaf.logical == FIRN_ARROW_INTEGER, !leaf.isSigned { return nil }
        let scaled = ParquetTime.scale(value, leaf, to: type)
        switch type.physical {
        case .int32: return Int32(exactly: scaled).map { .int($0) }
        case .int64: return .long(scaled)
        case .int128: return .int128(Int128(scaled))
        default: return nil
        }
    }

    private static func decimal(_ bytes: [UInt8], precision: Int) -> Scalar? {
        guard !bytes.isEmpty, bytes.count <= 16 else { return nil }
        var value: Int128 = bytes[0] & 0x80 != 0 ? -1 : 0
        for byte in bytes { value = value << 8 | Int128(byte) }
        if precision > DataType.longPrecision { return .int128(value) }
        return Int64(exactly: value).map { .long($0) }
    }
}

/// Units of times and timestamps.
enum ParquetTime {
    /// What the file's number of its unit is in the unit of `type`; rounds down. Wraps for times no calendar has.
    static func scale(_ value: Int64, _ leaf: ParquetFooter.Node, to type: DataType) -> Int64 {
        let factor = factor(leaf, to: type)
        return factor.divisor == 1 ? value &* factor.multiplier : floorDivided(value, factor.divisor)
    }

    /// By what to multiply, or else to divide.
    static func factor(
        _ leaf: ParquetFooter.Node, to type: DataType
    ) -> (multiplier: Int64, divisor: Int64) {
        if leaf.logical == FIRN_ARROW_DATE {
            switch type {
            case .timestamp: return (86_400_000_000, 1)
            case .timestampNanos: return (86_400_000_000_000, 1)
            default: return (1, 1)
            }
        }
        guard leaf.logical == FIRN_ARROW_TIME || leaf.logical == FIRN_ARROW_TIMESTAMP else { return (1, 1) }
        let wanted: Int
        switch type {
        case .time, .timestamp, .timestamptz: wanted = 6
        case .timestampNanos, .timestamptzNanos: wanted = 9
        default: return (1, 1)
        }
        var power: Int64 = 1
        for _ in 0..<abs(wanted - leaf.unitDigits) { power *= 10 }
        return wanted >= leaf.unitDigits ? (power, 1) : (1, power)
    }

    static func floorDivided(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }
}
