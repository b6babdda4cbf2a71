package import Columnar

/// Hashes rows to 64 bits, a column at a time.
///
/// Equal values hash alike whatever the column's form; NaN like NaN, -0 like 0, null like null. Not for storage: the
/// function may change between builds.
///
/// Source: the mixing step is that of wyhash (a 64 x 64 -> 128 bit product, folded), Wang Yi, 2019.
package enum ColumnHash {
    static let seed: UInt64 = 0xA076_1D64_78BD_642F
    private static let nullHash: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// One hash a row over all columns.
    package static func rows(_ columns: [Column], count: Int) -> [UInt64] {
        var hashes = [UInt64](repeating: seed, count: count)
        for column in columns { combine(column, into: &hashes) }
        return hashes
    }

    @inline(__always)
    static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let (high, low) = left.multipliedFullWidth(by: right)
        return high ^ low
    }

    @inline(__always)
    static func combined(_ hash: UInt64, _ value: UInt64) -> UInt64 {
        mix(hash ^ value, 0xE703_7ED1_A0B4_28DB)
    }

    static func bytes(_ bytes: Span<UInt8>) -> UInt64 {
        var hash = seed ^ UInt64(bytes.count)
        var position = 0
        while position < bytes.count {
            hash = combined(hash, StringColumn.load(bytes, position, min(position + 8, bytes.count)))
            position += 8
        }
        return hash
    }

    private static func combine(_ column: Column, into hashes: inout [UInt64]) {
        var values = hash(column)
        if column.mayHaveNulls {
            let validity = column.validityBits()
            for row in values.indices where !validity[row] { values[row] = nullHash }
        }
        var output = hashes.mutableSpan
        let input = values.span
        precondition(input.count == output.count)
        for row in 0..<input.count { output[row] = combined(output[row], input[row]) }
    }

    /// One hash a row; of null rows anything.
    private static func hash(_ column: Column) -> [UInt64] {
        let count = column.count
        switch column.values {
        case .constant(.null): return [UInt64](repeating: nullHash, count: count)
        case .constant:
            let one = hash(column.slice(0..<min(1, count)).flattened())
            return [UInt64](repeating: one.first ?? nullHash, count: count)
        case .dictionary(let indices, let values):
            if values.count == 0 { return [UInt64](repeating: nullHash, count: count) }
            return hash(values).gather(indices)
        case .boolean(let bits): return (0..<count).map { bits[$0] ? 1 : 2 }
        case .int32(let items): return words(items) { UInt64(bitPattern: Int64($0)) }
        case .int64(let items): return words(items) { UInt64(bitPattern: $0) }
        case .int128(let items):
            return words(items) {
                combined(UInt64(truncatingIfNeeded: $0), UInt64(truncatingIfNeeded: $0 >> 64))
            }
        case .float(let items): return words(items) { canonical(Double($0)) }
        case .double(let items): return words(items) { canonical($0) }
        case .interval(let items):
            return items.map { interval in
                UInt64(truncatingIfNeeded: interval.approximateMicroseconds)
            }
        case .string(let strings): return self.strings(strings)
        case .list, .map, .structure: return nested(column)
        }
    }

    @inline(__always)
    private static func words<Value: FixedValue>(_ items: [Value], _ body: (Value) -> UInt64) -> [UInt64] {
        var result = [UInt64](repeating: 0, count: items.count)
        var output = result.mutableSpan
        let input = items.span
        for row in 0..<input.count { output[row] = body(input[row]) }
        return result
    }

    /// One bit pattern for all NaN and for both zeros.
    @inline(__always)
    static func canonical(_ value: Double) -> UInt64 {
        value != value ? Double.nan.bitPattern : value == 0 ? 0 : value.bitPattern
    }

    private static func strings(_ strings: StringColumn) -> [UInt64] {
        var result = [UInt64](repeating: 0, count: strings.count)
        for row in 0..<strings.count {
            let view = strings.views[row]
            result[row] =
                view.isInline
                ? combined(view.head, view.tail) : strings.withBytes(at: row) { bytes($0) }
        }
        return result
    }

    private static func nested(_ column: Column) -> [UInt64] {
        var buffer: [UInt8] = []
        let column = column.equalForm
        return (0..<column.count).map { row in
            buffer.removeAll(keepingCapacity: true)
            JSONRendering.append(column, row, to: &buffer)
            return bytes(buffer.span)
        }
    }
}
