package import Columnar

/// One value as bytes: how bounds of columns and partitions are stored.
///
/// Source: Iceberg table specification, appendix D, "Binary single-value serialization".
package enum SingleValue {
    /// Nil for nulls, nested types and payloads that are not the type's.
    package static func encode(_ value: Scalar, _ type: DataType) -> [UInt8]? {
        switch (type, value) {
        case (.boolean, .boolean(let flag)): return [flag ? 1 : 0]
        case (.decimal, .long(let number)): return minimalBigEndian(Int128(number))
        case (.decimal, .int128(let number)): return minimalBigEndian(number)
        case (_, .int(let number)) where type.physical == .int32:
            return littleEndian(UInt32(bitPattern: number))
        case (_, .int(let number)) where type.physical == .int64:
            return littleEndian(UInt64(bitPattern: Int64(number)))
        case (_, .long(let number)) where type.physical == .int64:
            return littleEndian(UInt64(bitPattern: number))
        case (.float, .float(let number)): return littleEndian(number.bitPattern)
        case (.double, .double(let number)): return littleEndian(number.bitPattern)
        case (.string, .string(let text)), (.json, .string(let text)): return Array(text.utf8)
        case (.binary, .bytes(let bytes)), (.uuid, .bytes(let bytes)), (.fixed, .bytes(let bytes)):
            return bytes
        default: return nil
        }
    }

    /// Reads what `encode` wrote, also when the column was narrower then: an int bound of what is now a long.
    ///
    /// - Errors: `ICE-107`.
    package static func decode(_ bytes: [UInt8], _ type: DataType) throws(IcebergError) -> Scalar {
        switch (type, bytes.count) {
        case (.boolean, 1): return .boolean(bytes[0] != 0)
        case (.float, 4): return .float(Float(bitPattern: UInt32(truncatingIfNeeded: number(bytes))))
        case (.double, 8): return .double(Double(bitPattern: number(bytes)))
        case (.double, 4):
            return .double(Double(Float(bitPattern: UInt32(truncatingIfNeeded: number(bytes)))))
        case (.decimal(let precision, _), 1...16):
            let unscaled = bigEndian(bytes)
            guard precision <= DataType.longPrecision else { return .int128(unscaled) }
            if let small = Int64(exactly: unscaled) { return .long(small) }
        case (.string, _), (.json, _):
            if let text = String(validating: bytes, as: UTF8.self) { return .string(text) }
        case (.binary, _), (.uuid, 16): return .bytes(bytes)
        // Bounds may have been cut short.
        case (.fixed(let length), let count) where count <= length: return .bytes(bytes)
        case (_, 4) where type.physical == .int32:
            return .int(Int32(bitPattern: UInt32(truncatingIfNeeded: number(bytes))))
        case (_, 8) where type.physical == .int64: return .long(Int64(bitPattern: number(bytes)))
        // What is a timestamp now was a date.
        case (.timestamp, 4), (.timestampNanos, 4):
            let days = Int64(Int32(bitPattern: UInt32(truncatingIfNeeded: number(bytes))))
            let unit: Int64 = type == .timestamp ? 86_400_000_000 : 86_400_000_000_000
            let (time, overflow) = days.multipliedReportingOverflow(by: unit)
            if !overflow { return .long(time) }
        case (.long, 4): return .long(Int64(Int32(bitPattern: UInt32(truncatingIfNeeded: number(bytes)))))
        default: break
        }
        throw IcebergError(
            .malformedValue, "the bytes of a bound do not fit the type", ["type": type, "bytes": bytes.count])
    }

    private static func littleEndian<Number: FixedWidthInteger & UnsignedInteger>(_ number: Number) -> [UInt8]
    {
        stride(from: 0, to: Number.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: number >> Number($0)) }
    }

    private static func number(_ bytes: [UInt8]) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Two's complement in as few bytes as hold it, highest first: decimals, also in the bucket transform.
    package static func minimalBigEndian(_ number: Int128) -> [UInt8] {
        var rest = number
        var bytes = [UInt8(truncatingIfNeeded: rest)]
        // One byte is enough when the others only repeat its sign.
        while rest > 127 || rest < -128 {
            rest >>= 8
            bytes.append(UInt8(truncatingIfNeeded: rest))
        }
        return bytes.reversed()
    }

    /// At most 16 bytes.
    package static func bigEndian(_ bytes: [UInt8]) -> Int128 {
        let start: Int128 = bytes.first.map { $0 >= 0x80 ? -1 : 0 } ?? 0
        return bytes.reduce(start) { $0 << 8 | Int128($1) }
    }
}
