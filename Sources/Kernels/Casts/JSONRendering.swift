package import Columnar
import JSONText
import Octets

/// Writes values as JSON: numbers bare where JSON can hold them, times as ISO 8601 text, bytes as base64.
package enum JSONRendering {
    package static func append(_ column: Column, _ row: Int, to buffer: inout [UInt8]) {
        if column.isNull(row) { return buffer.append(contentsOf: "null".utf8) }
        switch column.values {
        case .constant: append(column.flattened(), row, to: &buffer)
        case .dictionary(let indices, let values): append(values, Int(indices[row]), to: &buffer)
        case .list(let offsets, let element):
            buffer.append(UInt8(ascii: "["))
            for index in Int(offsets[row])..<Int(offsets[row + 1]) {
                if index > Int(offsets[row]) { buffer.append(UInt8(ascii: ",")) }
                append(element, index, to: &buffer)
            }
            buffer.append(UInt8(ascii: "]"))
        case .map(let offsets, let keys, let values):
            appendMap(Int(offsets[row])..<Int(offsets[row + 1]), keys, values, to: &buffer)
        case .structure(let columns):
            guard case .structure(let fields) = column.type else { return }
            buffer.append(UInt8(ascii: "{"))
            for (index, field) in fields.enumerated() {
                if index > 0 { buffer.append(UInt8(ascii: ",")) }
                JSONValue.appendQuoted(field.name, to: &buffer)
                buffer.append(UInt8(ascii: ":"))
                append(columns[index], row, to: &buffer)
            }
            buffer.append(UInt8(ascii: "}"))
        default: appendPlain(column, row, to: &buffer)
        }
    }

    private static func appendMap(
        _ entries: Range<Int>, _ keys: Column, _ values: Column, to buffer: inout [UInt8]
    ) {
        let isObject = keys.type.isText
        buffer.append(UInt8(ascii: isObject ? "{" : "["))
        for index in entries {
            if index > entries.lowerBound { buffer.append(UInt8(ascii: ",")) }
            if isObject {
                append(keys, index, to: &buffer)
                buffer.append(UInt8(ascii: ":"))
                append(values, index, to: &buffer)
            } else {
                buffer.append(contentsOf: "{\"key\":".utf8)
                append(keys, index, to: &buffer)
                buffer.append(contentsOf: ",\"value\":".utf8)
                append(values, index, to: &buffer)
                buffer.append(UInt8(ascii: "}"))
            }
        }
        buffer.append(UInt8(ascii: isObject ? "}" : "]"))
    }

    private static func appendPlain(_ column: Column, _ row: Int, to buffer: inout [UInt8]) {
        switch (column.type, column.values) {
        case (.boolean, .boolean(let bits)): buffer.append(contentsOf: bits[row] ? "true".utf8 : "false".utf8)
        case (.int, .int32(let items)): TextFormat.append(items[row], to: &buffer)
        case (.long, .int64(let items)): TextFormat.append(items[row], to: &buffer)
        case (.decimal(_, let scale), .int64(let items)):
            TextFormat.append(decimal: Int128(items[row]), scale: scale, to: &buffer)
        case (.decimal(_, let scale), .int128(let items)):
            TextFormat.append(decimal: items[row], scale: scale, to: &buffer)
        case (.float, .float(let items)) where items[row].isFinite: TextFormat.append(items[row], to: &buffer)
        case (.double, .double(let items)) where items[row].isFinite:
            TextFormat.append(items[row], to: &buffer)
        case (.json, .string(let strings)): strings.withBytes(at: row) { buffer.append(copying: $0) }
        case (.string, .string(let strings)): JSONValue.appendQuoted(strings.string(at: row), to: &buffer)
        case (.binary, .string(let strings)), (.fixed, .string(let strings)):
            JSONValue.appendQuoted(Base64.encode(strings.bytes(at: row)), to: &buffer)
        default: appendQuotedText(column, row, to: &buffer)
        }
    }

    /// Times, UUIDs, intervals and numbers JSON does not know: their text form, quoted.
    private static func appendQuotedText(_ column: Column, _ row: Int, to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: "\""))
        switch (column.type, column.values) {
        case (let type, .int64(let items)) where type.isTimestamp:
            TextFormat.append(
                timestamp: items[row], unitsPerSecond: type.unitsPerSecond, isInstant: false,
                separator: UInt8(ascii: "T"), to: &buffer)
            if type.isInstant { buffer.append(UInt8(ascii: "Z")) }
        default:
            do throws(KernelError) {
                try ValueWriter(column).append(row, to: &buffer)
            } catch {
                preconditionFailure("plain values always have a text: \(error)")
            }
        }
        buffer.append(UInt8(ascii: "\""))
    }
}
