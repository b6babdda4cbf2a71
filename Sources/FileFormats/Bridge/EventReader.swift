import CSimdjson
import Columnar
import JSONText

/// Owns the native reader of events, and copies what it reads into columns.
@safe struct EventReader: ~Copyable {
    /// An event that became no row; ranges are bytes of the body.
    struct RawMisfit {
        var index: Int
        var code: MisfitCode
        var field: Int?
        var event: Range<Int>
        var found: Range<Int>
    }

    /// A column, or for lists and structs the places of the values, empty ranges for null.
    struct Values {
        var column: Column
        var spans: [Range<Int>] = []
    }

    struct Part {
        var rowCount: Int
        var columns: [Values]
        var misfits: [RawMisfit]
        /// Of the rows.
        var places: [EventPlace]
        /// Events read so far, over all parts.
        var eventCount: Int
        var unknownCount: Int
        var isEnd: Bool
    }

    // SAFETY: made by `firn_json_columns_open`, released once by `deinit`; the struct cannot be copied, and
    // `EventParser` lets one thread in at a time.
    private let native: OpaquePointer
    private let types: [DataType]

    /// `rowLimit` is the most rows of a part.
    init(schema: StreamSchema, rejectsUnknown: Bool, rowLimit: Int) throws(FileFormatsError) {
        let fields: [StreamField] =
            switch schema {
            case .fields(let fields): fields
            case .unstructured: [StreamField(StreamSchema.unstructuredColumn, .json, isRequired: true)]
            }
        types = fields.map(\.type.columnType)
        var names: [CChar] = []
        var natives = unsafe [(start: Int, field: firn_json_field)]()
        for field in fields {
            let utf8 = field.name.utf8.map { CChar(bitPattern: $0) }
            let given = field.nativeDefault
            var native = unsafe EventReader.native(field, nameLength: utf8.count)
            unsafe native.default_kind = Int32(bitPattern: given.kind.rawValue)
            unsafe native.default_length = Int32(given.text.utf8.count)
            unsafe natives.append((names.count, native))
            names += utf8 + given.text.utf8.map { CChar(bitPattern: $0) }
        }
        var opened: OpaquePointer?
        let isUnstructured = schema == .unstructured
        // SAFETY: the callee copies names and fields before it returns.
        let status = unsafe names.withUnsafeBufferPointer { nameBytes in
            let described = unsafe natives.map { entry in
                var field = unsafe entry.field
                // A schema has a field, and a field's name a byte, so the names have a base address.
                if let base = nameBytes.baseAddress {
                    unsafe field.name = base + entry.start
                    unsafe field.default_text = base + entry.start + Int(field.name_length)
                }
                return unsafe field
            }
            return unsafe firn_json_columns_open(
                described, Int32(described.count), isUnstructured ? 1 : 0, rejectsUnknown ? 1 : 0,
                Int32(rowLimit), &opened)
        }
        guard status == FIRN_JSON_OK, let opened = unsafe opened else {
            throw FileFormatsError(.internalFailure, "the event reader could not be made")
        }
        unsafe native = unsafe opened
    }

    deinit { unsafe firn_json_columns_close(native) }

    private static func native(_ field: StreamField, nameLength: Int) -> firn_json_field {
        var precision: Int32 = 0
        var scale: Int32 = 0
        let type: firn_json_type
        switch field.type {
        case .string: type = FIRN_JSON_STRING
        case .int8: type = FIRN_JSON_INT8
        case .int16: type = FIRN_JSON_INT16
        case .uint8: type = FIRN_JSON_UINT8
        case .uint16: type = FIRN_JSON_UINT16
        case .int32: type = FIRN_JSON_INT32
        case .int64: type = FIRN_JSON_INT64
        case .uint32: type = FIRN_JSON_UINT32
        case .uint64: type = FIRN_JSON_UINT64
        case .float32: type = FIRN_JSON_FLOAT
        case .float64: type = FIRN_JSON_DOUBLE
        case .bool: type = FIRN_JSON_BOOLEAN
        case .decimal(let digits, let places):
            type = digits <= DataType.longPrecision ? FIRN_JSON_DECIMAL64 : FIRN_JSON_DECIMAL128
            precision = Int32(digits)
            scale = Int32(places)
        case .timestamp(let unit):
            type = FIRN_JSON_TIMESTAMP
            scale = Int32(unit.digits)
        case .date: type = FIRN_JSON_DATE
        case .json: type = FIRN_JSON_TEXT
        case .binary: type = FIRN_JSON_BINARY
        case .uuid: type = FIRN_JSON_UUID
        case .list:
            type = FIRN_JSON_SPAN
            scale = Int32(UInt8(ascii: "["))
        case .structure:
            type = FIRN_JSON_SPAN
            scale = Int32(UInt8(ascii: "{"))
        // An object, or an array of keys and values.
        case .map: type = FIRN_JSON_SPAN
        }
        var native = unsafe firn_json_field()
        unsafe native.name_length = Int32(nameLength)
        unsafe native.type = Int32(bitPattern: type.rawValue)
        unsafe native.is_required = field.isRequired ? 1 : 0
        unsafe native.precision = precision
        unsafe native.scale = scale
        return unsafe native
    }

    mutating func start(_ body: [UInt8], framing: EventFraming) throws(FileFormatsError) {
        var fault = unsafe firn_json_fault()
        // SAFETY: the callee reads the body only before it returns.
        let status = unsafe body.withUnsafeBufferPointer { buffer in
            unsafe firn_json_columns_start(
                native, buffer.baseAddress, Int64(buffer.count), framing.native, &fault)
        }
        guard status == FIRN_JSON_OK else { throw unsafe JSONBridge.error(status, fault, body) }
    }

    /// Reads on. `body` is the one given to `start`.
    mutating func next(_ body: [UInt8]) throws(FileFormatsError) -> Part {
        var fault = unsafe firn_json_fault()
        var rows = unsafe firn_json_rows()
        // SAFETY: the callee reads no more than the bytes that `start` was told of, and only before it returns; what
        // `rows` points to is the callee's own.
        let status = unsafe body.withUnsafeBufferPointer { buffer in
            unsafe firn_json_columns_next(native, buffer.baseAddress, &rows, &fault)
        }
        guard status == FIRN_JSON_OK else { throw unsafe JSONBridge.error(status, fault, body) }
        let count = unsafe Int(rows.row_count)
        // SAFETY: the lists have the counts beside them and live until the next call.
        let misfits = unsafe UnsafeBufferPointer(start: rows.misfits, count: Int(rows.misfit_count)).map {
            EventReader.misfit($0)
        }
        let indexes = unsafe UnsafeBufferPointer(start: rows.event_indexes, count: count)
        let starts = unsafe UnsafeBufferPointer(start: rows.event_starts, count: count)
        let ends = unsafe UnsafeBufferPointer(start: rows.event_ends, count: count)
        let places = indexes.indices.map { row in
            unsafe EventPlace(index: Int(indexes[row]), start: Int(starts[row]), end: Int(ends[row]))
        }
        return unsafe Part(
            rowCount: count, columns: count > 0 ? types.indices.map { values(of: $0, count: count) } : [],
            misfits: misfits, places: places, eventCount: Int(rows.event_count),
            unknownCount: Int(rows.unknown_count), isEnd: rows.is_end != 0)
    }

    private static func misfit(_ raw: firn_json_misfit) -> RawMisfit {
        let code: MisfitCode =
            switch firn_json_misfit_code(rawValue: UInt32(bitPattern: raw.code)) {
            case FIRN_JSON_MISSING_FIELD: .missingField
            case FIRN_JSON_NULL_VALUE: .nullValue
            case FIRN_JSON_PARSE_FAILURE: .parseFailure
            case FIRN_JSON_OUT_OF_RANGE: .outOfRange
            case FIRN_JSON_UNKNOWN_FIELD: .unknownField
            default: .typeMismatch
            }
        return RawMisfit(
            index: Int(raw.event_index), code: code, field: raw.field >= 0 ? Int(raw.field) : nil,
            event: Int(raw.event_start)..<Int(raw.event_end), found: Int(raw.found_start)..<Int(raw.found_end)
        )
    }

    /// Copies one field's values out of the reader's buffers.
    private func values(of field: Int, count: Int) -> Values {
        var native = unsafe firn_json_values()
        unsafe firn_json_columns_values(self.native, Int32(field), &native)
        // SAFETY: the buffers have a slot for each of `count` rows, of the width of the field's type, and a bit each;
        // they live until the next call and are copied here.
        let words = unsafe UnsafeBufferPointer(start: native.validity, count: (count + 63) / 64)
        let validity = unsafe native.null_count > 0 ? Bitmap(words: Array(words), count: count) : nil
        let base = unsafe native.values
        func copied<Value: BitwiseCopyable>(_: Value.Type) -> [Value] {
            unsafe [Value](
                UnsafeBufferPointer(start: base?.assumingMemoryBound(to: Value.self), count: count))
        }
        let type = types[field]
        switch type.physical {
        case .boolean:
            let bits = unsafe UnsafeBufferPointer(
                start: base?.assumingMemoryBound(to: UInt64.self), count: (count + 63) / 64)
            return unsafe Values(
                column: Column(
                    type, count: count, .boolean(Bitmap(words: Array(bits), count: count)), validity: validity
                ))
        case .int32:
            return Values(column: Column(type, count: count, .int32(copied(Int32.self)), validity: validity))
        case .int64:
            return Values(column: Column(type, count: count, .int64(copied(Int64.self)), validity: validity))
        case .int128:
            return Values(
                column: Column(type, count: count, .int128(copied(Int128.self)), validity: validity))
        case .float:
            return Values(column: Column(type, count: count, .float(copied(Float.self)), validity: validity))
        case .double:
            return Values(
                column: Column(type, count: count, .double(copied(Double.self)), validity: validity))
        case .string:
            let heap = unsafe [UInt8](
                UnsafeBufferPointer(start: native.heap, count: Int(native.heap_length)))
            let strings = StringColumn(views: copied(StringView.self), heaps: heap.isEmpty ? [] : [heap])
            return Values(column: Column(type, count: count, .string(strings), validity: validity))
        case .null, .interval, .list, .map, .structure:
            let spans = copied(Span128.self)
            return Values(
                column: .nulls(type, count: count),
                spans: spans.map { Int($0.start)..<Int($0.end) })
        }
    }

    private struct Span128: BitwiseCopyable {
        var start: Int64
        var end: Int64
    }
}

extension StreamField {
    /// The default as the native reader takes it.
    fileprivate var nativeDefault: (kind: firn_json_default, text: String) {
        guard let defaultValue else { return (FIRN_JSON_NO_DEFAULT, "") }
        switch (type, defaultValue) {
        case (.json, let value): return (FIRN_JSON_DEFAULT_TEXT, value.description)
        case (.list, _), (.structure, _), (.map, _): return (FIRN_JSON_DEFAULT_SPAN, "")
        case (_, .string(let text)): return (FIRN_JSON_DEFAULT_STRING, text)
        case (_, .boolean(let value)): return (value ? FIRN_JSON_DEFAULT_TRUE : FIRN_JSON_DEFAULT_FALSE, "")
        case (_, let number): return (FIRN_JSON_DEFAULT_NUMBER, number.description)
        }
    }
}
