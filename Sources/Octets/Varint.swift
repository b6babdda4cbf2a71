/// Variable-length integers: seven bits a byte, lowest first, as in Protocol Buffers, Avro and Parquet.
package enum Varint {
    package static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// Maps small negative numbers to small codes before writing (Avro's `int` and `long`).
    package static func appendZigZag(_ value: Int64, to bytes: inout [UInt8]) {
        append(UInt64(bitPattern: (value << 1) ^ (value >> 63)), to: &bytes)
    }

    /// Reads one number and moves `position` behind it; nil when the bytes end or ten bytes do not end it.
    package static func read(_ bytes: Span<UInt8>, at position: inout Int) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < bytes.count, shift < 70 {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    package static func readZigZag(_ bytes: Span<UInt8>, at position: inout Int) -> Int64? {
        read(bytes, at: &position).map { Int64(bitPattern: $0 >> 1) ^ -Int64(bitPattern: $0 & 1) }
    }
}
