package import Columnar
import Effects

/// Writes columns as JSON values, in the forms of PRODUCT.md's "Values in JSON" unless others are asked for.
///
/// - Nulls: `null`.
/// - Cost: one pass over the values; nested columns are written child first, then put together.
package struct ColumnEncoder: Sendable {
    let forms: JSONForms

    package init(forms: JSONForms = JSONForms()) { self.forms = forms }

    package static func encode(_ column: Column) -> EncodedColumn { ColumnEncoder().encode(column) }

    package func encode(_ column: Column) -> EncodedColumn {
        switch column.values {
        case .constant(.null):
            var encoded = EncodedColumn()
            encoded.appendNull()
            encoded.indices = [Int32](repeating: 0, count: column.count)
            return encoded
        case .constant(let scalar):
            var encoded = encode(Column(column.type, [scalar]))
            encoded.indices = [Int32](repeating: 0, count: column.count)
            return withNulls(encoded, of: column)
        case .dictionary(let indices, let values):
            var encoded = encode(values.flattened())
            encoded.indices = indices
            return withNulls(encoded, of: column)
        case .list(let offsets, let element): return list(column, offsets, encode(element))
        case .map(let offsets, let keys, let values): return map(column, offsets, keys, encode(values))
        case .structure(let fields): return structure(column, fields.map(encode))
        default: return flat(column)
        }
    }

    /// Points the null rows of an indexed column at a `null` behind the others.
    private func withNulls(_ encoded: EncodedColumn, of column: Column) -> EncodedColumn {
        guard let validity = column.validity, let indices = encoded.indices else { return encoded }
        var result = encoded
        let null = Int32(result.ends.count)
        result.appendNull()
        result.indices = indices.indices.map { validity[$0] ? indices[$0] : null }
        return result
    }

    private func flat(_ column: Column) -> EncodedColumn {
        var encoded = EncodedColumn()
        encoded.ends.reserveCapacity(column.count)
        encoded.bytes.reserveCapacity(column.count * 8)
        switch column.values {
        case .boolean(let bits):
            write(column, &encoded) { $1.append(contentsOf: bits[$0] ? JSONWords.true : JSONWords.false) }
        case .int32(let items):
            if column.type == .date {
                write(column, &encoded) { ValueText.date(Int(items[$0]), &$1) }
            } else {
                write(column, &encoded) { ValueText.integer(Int64(items[$0]), &$1) }
            }
        case .int64(let items): long(column, items, &encoded)
        case .int128(let items):
            let scale = column.type.scale
            let isQuoted = forms.decimals == .string
            write(column, &encoded) { ValueText.decimal(items[$0], scale: scale, isQuoted: isQuoted, &$1) }
        case .float(let items):
            write(column, &encoded) { ValueText.floating(items[$0], &$1) }
        case .double(let items):
            write(column, &encoded) { ValueText.floating(items[$0], &$1) }
        case .string(let items): string(column, items, &encoded)
        case .interval(let items):
            write(column, &encoded) { ValueText.interval(items[$0], &$1) }
        default: preconditionFailure("\(column.type) is not flat")
        }
        return encoded
    }

    private func long(_ column: Column, _ items: [Int64], _ encoded: inout EncodedColumn) {
        let isMilliseconds = forms.timestamps == .unixMilliseconds
        switch column.type {
        case .decimal(_, let scale):
            let isQuoted = forms.decimals == .string
            write(column, &encoded) {
                ValueText.decimal(Int128(items[$0]), scale: scale, isQuoted: isQuoted, &$1)
            }
        case .time: write(column, &encoded) { ValueText.time(items[$0], &$1) }
        case .timestamp where isMilliseconds, .timestamptz where isMilliseconds:
            write(column, &encoded) { ValueText.integer(items[$0].floorDivided(by: 1000), &$1) }
        case .timestampNanos where isMilliseconds, .timestamptzNanos where isMilliseconds:
            write(column, &encoded) { ValueText.integer(items[$0].floorDivided(by: 1_000_000), &$1) }
        case .timestamp, .timestamptz:
            let hasZone = column.type == .timestamptz
            write(column, &encoded) { ValueText.timestamp(items[$0], digits: 6, hasZone: hasZone, &$1) }
        case .timestampNanos, .timestamptzNanos:
            let hasZone = column.type == .timestamptzNanos
            write(column, &encoded) { ValueText.timestamp(items[$0], digits: 9, hasZone: hasZone, &$1) }
        default: write(column, &encoded) { ValueText.integer(items[$0], &$1) }
        }
    }

    private func string(_ column: Column, _ items: StringColumn, _ encoded: inout EncodedColumn) {
        switch column.type {
        case .binary, .fixed: write(column, &encoded) { ValueText.base64(items.bytes(at: $0), &$1) }
        case .uuid: write(column, &encoded) { ValueText.uuid(items.bytes(at: $0), &$1) }
        case .json where forms.nestsJSON:
            write(column, &encoded) { row, bytes in
                items.withBytes(at: row) { ValueText.json($0, &bytes) }
            }
        default:
            write(column, &encoded) { row, bytes in items.withBytes(at: row) { ValueText.string($0, &bytes) }
            }
        }
    }

    private func write(
        _ column: Column, _ encoded: inout EncodedColumn, _ value: (Int, inout [UInt8]) -> Void
    ) {
        for row in 0..<column.count {
            if column.isNull(row) {
                encoded.bytes.append(contentsOf: JSONWords.null)
            } else {
                value(row, &encoded.bytes)
            }
            encoded.endValue()
        }
    }

    private func list(_ column: Column, _ offsets: [Int32], _ element: EncodedColumn) -> EncodedColumn {
        var encoded = EncodedColumn()
        write(column, &encoded) { row, bytes in
            bytes.append(UInt8(ascii: "["))
            for index in Int(offsets[row])..<Int(offsets[row + 1]) {
                if index > Int(offsets[row]) { bytes.append(UInt8(ascii: ",")) }
                element.append(row: index, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        }
        return encoded
    }

    /// An object when the keys are text, else an array of `{"key":…,"value":…}`.
    private func map(
        _ column: Column, _ offsets: [Int32], _ keys: Column, _ values: EncodedColumn
    ) -> EncodedColumn {
        let isObject = keys.type.isText
        let keys = encode(keys)
        var encoded = EncodedColumn()
        write(column, &encoded) { row, bytes in
            bytes.append(UInt8(ascii: isObject ? "{" : "["))
            for index in Int(offsets[row])..<Int(offsets[row + 1]) {
                if index > Int(offsets[row]) { bytes.append(UInt8(ascii: ",")) }
                if !isObject { bytes.append(contentsOf: "{\"key\":".utf8) }
                keys.append(row: index, to: &bytes)
                bytes.append(contentsOf: (isObject ? ":" : ",\"value\":").utf8)
                values.append(row: index, to: &bytes)
                if !isObject { bytes.append(UInt8(ascii: "}")) }
            }
            bytes.append(UInt8(ascii: isObject ? "}" : "]"))
        }
        return encoded
    }

    private func structure(_ column: Column, _ fields: [EncodedColumn]) -> EncodedColumn {
        guard case .structure(let types) = column.type else {
            preconditionFailure("a struct column of type \(column.type)")
        }
        let keys = RowEncoder.keys(types.map(\.name))
        var encoded = EncodedColumn()
        write(column, &encoded) { row, bytes in
            RowEncoder.appendObject(row: row, keys: keys, fields, to: &bytes)
        }
        return encoded
    }
}

extension DataType {
    /// Digits behind the point; zero for other types.
    fileprivate var scale: Int { if case .decimal(_, let scale) = self { scale } else { 0 } }
}
