import Columnar

/// A dense batch as bytes, in the machine's own byte order: only the process that wrote them reads them.
///
///     column      | form: 1 | validity words, when form says so | values |
///     text        | views: 16 a row, pointing into | heap: length 8, bytes |
///     list, map   | offsets: 4 each | element count: 8 | element columns |
enum BatchBytes {
    private enum Form {
        static let allNull: UInt8 = 0
        static let noNulls: UInt8 = 1
        static let withValidity: UInt8 = 2
    }

    static func encode(_ batch: Batch) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(batch.writtenByteCount + 64)
        for column in batch.columns { append(column, to: &bytes) }
        return bytes
    }

    private static func append(_ column: Column, to bytes: inout [UInt8]) {
        let column = column.flattened()
        if case .constant = column.values { return bytes.append(Form.allNull) }
        bytes.append(column.validity == nil ? Form.noNulls : Form.withValidity)
        if let validity = column.validity { bytes.append(rawBytesOf: validity.words) }
        switch column.values {
        case .boolean(let bits): bytes.append(rawBytesOf: bits.words)
        case .int32(let items): bytes.append(rawBytesOf: items)
        case .int64(let items): bytes.append(rawBytesOf: items)
        case .int128(let items): bytes.append(rawBytesOf: items)
        case .float(let items): bytes.append(rawBytesOf: items)
        case .double(let items): bytes.append(rawBytesOf: items)
        case .interval(let items): bytes.append(rawBytesOf: items)
        case .string(let strings): append(strings, column.validity, to: &bytes)
        case .list(let offsets, let element):
            let part = element.slice(Int(offsets[0])..<Int(offsets[column.count]))
            append(offsets, part.count, [part], to: &bytes)
        case .map(let offsets, let keys, let values):
            let range = Int(offsets[0])..<Int(offsets[column.count])
            append(offsets, range.count, [keys.slice(range), values.slice(range)], to: &bytes)
        case .structure(let fields): for field in fields { append(field, to: &bytes) }
        case .constant, .dictionary: preconditionFailure("flattened columns are flat")
        }
    }

    private static func append(_ strings: StringColumn, _ validity: Bitmap?, to bytes: inout [UInt8]) {
        var views = strings.views
        var heap: [UInt8] = []
        for row in 0..<views.count {
            // What lies under a null is anything.
            guard validity?[row] ?? true else {
                views[row] = .empty
                continue
            }
            let view = views[row]
            guard !view.isInline else { continue }
            views[row] = StringView(length: view.length, prefix: view.prefix, heap: 0, offset: heap.count)
            strings.withBytes(at: row) { heap.append(copying: $0) }
        }
        bytes.append(rawBytesOf: views)
        bytes.append(rawBytesOf: [heap.count])
        bytes += heap
    }

    private static func append(
        _ offsets: [Int32], _ elementCount: Int, _ elements: [Column], to bytes: inout [UInt8]
    ) {
        let first = offsets[0]
        bytes.append(rawBytesOf: offsets.map { $0 - first })
        bytes.append(rawBytesOf: [elementCount])
        for element in elements { append(element, to: &bytes) }
    }

    /// - Errors: `EXE-303` when the bytes are not those of such a batch.
    static func decode(_ bytes: [UInt8], schema: Schema, rowCount: Int) throws(ExecutionError) -> Batch {
        var reader = Reader(bytes: bytes)
        var columns: [Column] = []
        for field in schema.fields { columns.append(try reader.column(field.type, rowCount)) }
        return Batch(schema: schema, columns: columns, rowCount: rowCount)
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        mutating func column(_ type: DataType, _ count: Int) throws(ExecutionError) -> Column {
            let form: UInt8 = try items(1)[0]
            if form == Form.allNull { return .nulls(type, count: count) }
            let validity = form == Form.withValidity ? try bitmap(count) : nil
            return Column(type, count: count, try values(type, count), validity: validity)
        }

        private mutating func values(_ type: DataType, _ count: Int) throws(ExecutionError) -> ColumnValues {
            switch type {
            case .list(let field):
                let offsets: [Int32] = try items(count + 1)
                return .list(offsets: offsets, element: try column(field.type, try length()))
            case .map(let key, let value):
                let offsets: [Int32] = try items(count + 1)
                let entries = try length()
                let keys = try column(key.type, entries)
                return .map(offsets: offsets, keys: keys, values: try column(value.type, entries))
            case .structure(let fields):
                var members: [Column] = []
                for field in fields { members.append(try column(field.type, count)) }
                return .structure(members)
            default: break
            }
            switch type.physical {
            case .boolean: return .boolean(try bitmap(count))
            case .int32: return .int32(try items(count))
            case .int64: return .int64(try items(count))
            case .int128: return .int128(try items(count))
            case .float: return .float(try items(count))
            case .double: return .double(try items(count))
            case .interval: return .interval(try items(count))
            case .string:
                let views: [StringView] = try items(count)
                let heap: [UInt8] = try items(try length())
                return .string(StringColumn(views: views, heaps: [heap]))
            case .null, .list, .map, .structure: throw Self.malformed()
            }
        }

        private mutating func bitmap(_ count: Int) throws(ExecutionError) -> Bitmap {
            Bitmap(words: try items((count + 63) / 64), count: count)
        }

        private mutating func length() throws(ExecutionError) -> Int {
            let found: [Int] = try items(1)
            return found[0]
        }

        private mutating func items<Item: BitwiseCopyable>(_ count: Int) throws(ExecutionError) -> [Item] {
            let size = MemoryLayout<Item>.stride
            guard count >= 0, count <= (bytes.count - position) / size else { throw Self.malformed() }
            let end = position + count * size
            defer { position = end }
            return [Item](rawBytes: bytes.span.extracting(position..<end))
        }

        private static func malformed() -> ExecutionError {
            ExecutionError(.spillCorrupt, "rows put aside on disk end too early")
        }
    }
}
