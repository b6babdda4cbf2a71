import CArrowData
import CArrowParquet
import Columnar

/// Owns the shim's writer of one file.
@safe struct ParquetWriterHandle: ~Copyable {
    /// How a leaf outside structs and lists is encoded.
    struct ColumnEncoding {
        var path: String
        var hasDictionary: Bool
        var isDelta: Bool
    }

    // SAFETY: made by `firn_arrow_writer_open`, released once by `deinit`; the struct cannot be copied.
    private let native: OpaquePointer

    init(
        schema: Schema, options: ParquetWriteOptions, encodings: [ColumnEncoding]
    ) throws(FileFormatsError) {
        var exported = unsafe ArrowExport.schema(schema)
        let texts = CTexts()
        let columns = unsafe encodings.map { encoding in
            unsafe firn_arrow_column_option(
                path: texts.add(encoding.path), has_dictionary: encoding.hasDictionary ? 1 : 0,
                is_delta: encoding.isDelta ? 1 : 0)
        }
        let pairs = unsafe options.metadata.sorted { $0.key < $1.key }.flatMap { pair in
            unsafe [texts.add(pair.key), texts.add(pair.value)]
        }
        var opened: OpaquePointer?
        // SAFETY: the callee takes the schema and copies everything else before it returns.
        let status = unsafe columns.withUnsafeBufferPointer { columns in
            unsafe pairs.withUnsafeBufferPointer { pairs in
                var native = unsafe firn_arrow_write_options(
                    created_by: texts.add(options.createdBy),
                    compression: Int32(options.compression.native.rawValue),
                    zstd_level: Int32(options.zstdLevel),
                    row_group_rows: Int64(options.rowGroupRows), page_rows: Int64(options.pageRows),
                    page_bytes: Int64(options.pageBytes), columns: columns.baseAddress,
                    column_count: Int32(columns.count), metadata: pairs.baseAddress,
                    metadata_count: Int32(pairs.count / 2))
                return unsafe firn_arrow_writer_open(&exported, &native, &opened)
            }
        }
        try ArrowStatus.check(status, "a Parquet file cannot be begun")
        guard let opened = unsafe opened else {
            throw FileFormatsError(.internalFailure, "a Parquet writer was made and not given")
        }
        unsafe native = unsafe opened
    }

    deinit { unsafe firn_arrow_writer_release(native) }

    mutating func write(_ batch: Batch) throws(FileFormatsError) {
        // SAFETY: the callee takes the array, whether it succeeds or not.
        var array = unsafe ArrowExport.array(batch)
        let status = unsafe firn_arrow_writer_write(native, &array)
        try ArrowStatus.check(status, "rows cannot be written as Parquet")
    }

    mutating func endGroup() throws(FileFormatsError) {
        try ArrowStatus.check(unsafe firn_arrow_writer_end_group(native), "a row group cannot be written")
    }

    /// Writes the footer, and answers it.
    mutating func finish() throws(FileFormatsError) -> ParquetFooter {
        try ArrowStatus.check(unsafe firn_arrow_writer_finish(native), "a Parquet file cannot be finished")
        var footer: OpaquePointer?
        let status = unsafe firn_arrow_writer_footer(native, &footer)
        try ArrowStatus.check(status, "the written footer cannot be read")
        guard let footer = unsafe footer else {
            throw FileFormatsError(.internalFailure, "a footer was written and not given")
        }
        return try unsafe ParquetFooter(taking: footer)
    }

    /// The file's bytes since the last call.
    mutating func take() -> [UInt8] {
        var bytes: UnsafePointer<UInt8>?
        var length: Int64 = 0
        // SAFETY: the bytes are valid until the writer's next call, and are copied here.
        unsafe firn_arrow_writer_take(native, &bytes, &length)
        return unsafe Array(UnsafeBufferPointer(start: bytes, count: Int(length)))
    }
}

extension ParquetCompression {
    fileprivate var native: firn_arrow_compression {
        switch self {
        case .zstd: FIRN_ARROW_ZSTD
        case .snappy: FIRN_ARROW_SNAPPY
        case .gzip: FIRN_ARROW_GZIP
        case .lz4: FIRN_ARROW_LZ4
        case .uncompressed: FIRN_ARROW_UNCOMPRESSED
        }
    }
}

/// Zero-terminated copies of texts, freed together.
@safe private final class CTexts {
    private var texts = unsafe [UnsafeMutablePointer<CChar>]()

    @unsafe func add(_ text: String) -> UnsafePointer<CChar> {
        let utf8 = text.utf8CString
        let copy = UnsafeMutablePointer<CChar>.allocate(capacity: utf8.count)
        for (index, byte) in utf8.enumerated() { unsafe (copy + index).initialize(to: byte) }
        unsafe texts.append(copy)
        return unsafe UnsafePointer(copy)
    }

    deinit { unsafe texts.forEach { unsafe $0.deallocate() } }
}
