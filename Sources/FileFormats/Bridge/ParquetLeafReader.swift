import CArrowParquet
import Columnar

/// Values of one leaf as the file has them, copied out of the shim: an entry for each slot in the innermost list.
struct LeafValues {
    enum Payload {
        case boolean(Bitmap)
        case int32([Int32])
        case int64([Int64])
        case float([Float])
        case double([Double])
        case int128([Int128])
        case strings(StringColumn)
        case indices([Int32])
    }

    var count: Int
    var payload: Payload
    /// Nil when nothing is null.
    var validity: Bitmap?
    /// Empty for required leaves.
    var definitions: [Int16]
    /// Empty outside lists.
    var repetitions: [Int16]
}

/// Owns the shim's reader of one row group whose bytes are in memory.
///
/// - Threads: one at a time.
@safe final class ParquetGroupReader {
    // SAFETY: made by `firn_arrow_group_open`, freed by `deinit`. The ranges point into `bytes`, which live as long, and so
    // does `memory`, which the shim asks.
    private let native: OpaquePointer
    private let bytes: UnsafeMutablePointer<UInt8>
    let memory: DecodingMemory
    /// The shim reads the footer as long as the group is open.
    private let footer: ParquetFooter

    /// - Parameter chunks: Bytes of the file and where they begin; they cover every chunk that is read.
    init(
        footer: ParquetFooter, rowGroup: Int, chunks: [(offset: Int64, bytes: [UInt8])],
        memory: DecodingMemory
    ) throws {
        self.footer = footer
        self.memory = memory
        let total = chunks.reduce(0) { $0 + $1.bytes.count }
        // The fetched bytes and this copy.
        try memory.keeping { try memory.take(2 * total) }
        unsafe bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: max(total, 1))
        var ranges = unsafe [firn_arrow_range]()
        var position = 0
        for chunk in chunks {
            let place = unsafe bytes + position
            // SAFETY: `bytes` has room for all chunks, one after the other.
            unsafe chunk.bytes.withUnsafeBufferPointer { source in
                if let base = source.baseAddress { unsafe place.initialize(from: base, count: source.count) }
            }
            unsafe ranges.append(
                firn_arrow_range(offset: chunk.offset, bytes: place, length: Int64(chunk.bytes.count)))
            position += chunk.bytes.count
        }
        var opened: OpaquePointer?
        let status = unsafe ranges.withUnsafeBufferPointer { ranges in
            unsafe firn_arrow_group_open(
                footer.native, Int32(rowGroup), ranges.baseAddress, Int32(ranges.count),
                decodingMemoryReserve, Unmanaged.passUnretained(memory).toOpaque(), &opened)
        }
        guard status == FIRN_ARROW_OK, let opened = unsafe opened else {
            unsafe bytes.deallocate()
            try ArrowStatus.check(status, "a Parquet row group cannot be opened")
            throw FileFormatsError(.internalFailure, "a row group was opened and not given")
        }
        unsafe native = unsafe opened
    }

    deinit {
        unsafe firn_arrow_group_release(native)
        unsafe bytes.deallocate()
    }

    fileprivate func open(
        _ leaf: Int, wantsDictionary: Bool, asNumber: Bool, pages: ParquetPageChoice?
    ) throws -> OpaquePointer {
        var opened: OpaquePointer?
        let segments = pages?.segments.map {
            firn_arrow_segment(offset: $0.lowerBound, length: Int64($0.count))
        }
        // SAFETY: the callee copies the segments.
        let status = unsafe (segments ?? []).withUnsafeBufferPointer { segments in
            var options = unsafe firn_arrow_leaf_options()
            unsafe options.wants_dictionary = wantsDictionary ? 1 : 0
            unsafe options.as_number = asNumber ? 1 : 0
            unsafe options.pages = segments.baseAddress
            unsafe options.page_count = Int32(segments.count)
            unsafe options.row_count = Int64(pages?.rowCount ?? 0)
            return unsafe firn_arrow_leaf_open(native, Int32(leaf), &options, &opened)
        }
        try memory.check(status, "a Parquet column cannot be opened")
        guard let opened = unsafe opened else {
            throw FileFormatsError(.internalFailure, "a column was opened and not given")
        }
        return unsafe opened
    }
}

/// Reads one column chunk, some rows at a time.
@safe final class ParquetLeafReader {
    // SAFETY: made by `firn_arrow_leaf_open`, freed by `deinit`, before the group that it reads from.
    private let native: OpaquePointer
    private let group: ParquetGroupReader
    private var dictionaryColumn: StringColumn?

    init(
        _ group: ParquetGroupReader, leaf: Int, wantsDictionary: Bool, asNumber: Bool,
        pages: ParquetPageChoice? = nil
    ) throws {
        self.group = group
        unsafe native = try group.open(
            leaf, wantsDictionary: wantsDictionary, asNumber: asNumber, pages: pages)
    }

    deinit { unsafe firn_arrow_leaf_release(native) }

    /// Reads records; of a leaf inside lists, all that the group has.
    func next(_ rowCount: Int) throws -> LeafValues {
        var values = unsafe firn_arrow_values()
        let status = unsafe firn_arrow_leaf_next(native, Int64(rowCount), &values)
        try group.memory.check(status, "a Parquet column cannot be read")
        try group.memory.take(unsafe byteCount(values))
        // SAFETY: the buffers have the counts beside them, live until the next call, and are copied here.
        let count = unsafe Int(values.entry_count)
        let levels = unsafe Int(values.level_count)
        let words = unsafe values.validity.map {
            unsafe Array(UnsafeBufferPointer(start: $0, count: (count + 63) / 64))
        }
        return unsafe LeafValues(
            count: count, payload: payload(values, count),
            validity: words.map { Bitmap(words: $0, count: count) },
            definitions: Array(
                UnsafeBufferPointer(start: values.definitions, count: values.definitions == nil ? 0 : levels)),
            repetitions: Array(
                UnsafeBufferPointer(start: values.repetitions, count: values.repetitions == nil ? 0 : levels))
        )
    }

    /// Moves past records of a leaf outside lists.
    func skip(_ rowCount: Int) throws {
        try group.memory.check(
            unsafe firn_arrow_leaf_skip(native, Int64(rowCount)), "a Parquet column cannot be skipped")
    }

    /// The strings that `indices` point to.
    func dictionary() throws -> StringColumn {
        if let dictionaryColumn { return dictionaryColumn }
        var values = unsafe firn_arrow_values()
        let status = unsafe firn_arrow_leaf_dictionary(native, &values)
        try group.memory.check(status, "a Parquet dictionary cannot be read")
        try group.memory.keeping {
            try group.memory.take(unsafe Int(values.entry_count) * 16 + Int(values.heap_length))
        }
        let column = unsafe Self.strings(values, Int(values.entry_count))
        // Before the first value there is no dictionary yet.
        if column.count > 0 { dictionaryColumn = column }
        return column
    }

    /// What a copy of the values takes.
    private func byteCount(_ values: firn_arrow_values) -> Int {
        let bits =
            switch unsafe firn_arrow_leaf_form(native) {
            case FIRN_ARROW_FORM_BOOLEAN: 1
            case FIRN_ARROW_FORM_INT32, FIRN_ARROW_FORM_FLOAT, FIRN_ARROW_FORM_INDICES: 32
            case FIRN_ARROW_FORM_INT64, FIRN_ARROW_FORM_DOUBLE: 64
            default: 128
            }
        // A bit of validity and two levels beside each.
        let levels = unsafe Int(values.level_count) * 4
        return unsafe (Int(values.entry_count) * (bits + 1) + 7) / 8 + levels + Int(values.heap_length)
    }

    private func payload(_ values: firn_arrow_values, _ count: Int) -> LeafValues.Payload {
        func copied<Value: BitwiseCopyable>(_: Value.Type) -> [Value] {
            let start = unsafe values.values?.assumingMemoryBound(to: Value.self)
            return unsafe Array(UnsafeBufferPointer(start: start, count: count))
        }
        switch unsafe firn_arrow_leaf_form(native) {
        case FIRN_ARROW_FORM_BOOLEAN:
            let start = unsafe values.values?.assumingMemoryBound(to: UInt64.self)
            let words = unsafe Array(UnsafeBufferPointer(start: start, count: (count + 63) / 64))
            return .boolean(Bitmap(words: words, count: count))
        case FIRN_ARROW_FORM_INT32: return .int32(copied(Int32.self))
        case FIRN_ARROW_FORM_INT64: return .int64(copied(Int64.self))
        case FIRN_ARROW_FORM_FLOAT: return .float(copied(Float.self))
        case FIRN_ARROW_FORM_DOUBLE: return .double(copied(Double.self))
        case FIRN_ARROW_FORM_INT128: return .int128(copied(Int128.self))
        case FIRN_ARROW_FORM_INDICES: return .indices(copied(Int32.self))
        default: return unsafe .strings(Self.strings(values, count))
        }
    }

    private static func strings(_ values: firn_arrow_values, _ count: Int) -> StringColumn {
        let start = unsafe values.values?.assumingMemoryBound(to: StringView.self)
        let views = unsafe Array(UnsafeBufferPointer(start: start, count: count))
        let heap = unsafe Array(UnsafeBufferPointer(start: values.heap, count: Int(values.heap_length)))
        return StringColumn(views: views, heaps: heap.isEmpty ? [] : [heap])
    }
}
