package import Columnar

/// Writes the values of one column as text, as `CAST(x AS string)` shows them.
package struct ValueWriter {
    private let column: Column

    package init(_ column: Column) throws(KernelError) {
        self.column = column.flattened()
    }

    /// Appends the row's text; of a null row nothing.
    package func append(_ row: Int, to buffer: inout [UInt8]) throws(KernelError) {
        if column.isNull(row) { return }
        switch column.values {
        case .boolean(let bits): buffer.append(contentsOf: bits[row] ? "true".utf8 : "false".utf8)
        case .int32(let items):
            if column.type == .date {
                TextFormat.append(date: items[row], to: &buffer)
            } else {
                TextFormat.append(items[row], to: &buffer)
            }
        case .int64(let items): appendLong(items[row], to: &buffer)
        case .int128(let items):
            TextFormat.append(decimal: items[row], scale: column.type.decimalShape.scale, to: &buffer)
        case .float(let items): TextFormat.append(items[row], to: &buffer)
        case .double(let items): TextFormat.append(items[row], to: &buffer)
        case .interval(let items): TextFormat.append(items[row], to: &buffer)
        case .string(let strings): appendBytes(strings, row, to: &buffer)
        case .list, .map, .structure: JSONRendering.append(column, row, to: &buffer)
        case .constant, .dictionary: preconditionFailure("flattened columns are flat")
        }
    }

    private func appendLong(_ value: Int64, to buffer: inout [UInt8]) {
        switch column.type {
        case .decimal(_, let scale): TextFormat.append(decimal: Int128(value), scale: scale, to: &buffer)
        case .time: TextFormat.append(time: value, unitsPerSecond: 1_000_000, to: &buffer)
        case .timestamp, .timestamptz, .timestampNanos, .timestamptzNanos:
            TextFormat.append(
                timestamp: value, unitsPerSecond: column.type.unitsPerSecond,
                isInstant: column.type.isInstant,
                to: &buffer)
        default: TextFormat.append(value, to: &buffer)
        }
    }

    private func appendBytes(_ strings: StringColumn, _ row: Int, to buffer: inout [UInt8]) {
        strings.withBytes(at: row) { bytes in
            switch column.type {
            case .uuid: TextFormat.append(uuid: bytes, to: &buffer)
            case .binary, .fixed:
                buffer.append(contentsOf: "\\x".utf8)
                for index in 0..<bytes.count { TextFormat.append(hex: bytes[index], to: &buffer) }
            default: buffer.append(copying: bytes)
            }
        }
    }
}
