import CArrowParquet

/// The page indexes of one column chunk, copied out of the shim.
struct ParquetPageIndex {
    struct Page {
        var firstRow: Int
        var offset: Int64
        var byteCount: Int
        var nullCount: Int?
        /// Plain-encoded; nil when all values are null.
        var minimum: [UInt8]?
        var maximum: [UInt8]?
    }

    var pages: [Page] = []

    init(
        _ footer: ParquetFooter, leaf: Int, columnIndex: [UInt8]?, offsetIndex: [UInt8]
    ) throws(FileFormatsError) {
        var parsed: OpaquePointer?
        // SAFETY: the callee reads the bytes of both and keeps none.
        let status = unsafe (columnIndex ?? []).withUnsafeBufferPointer { columns in
            unsafe offsetIndex.withUnsafeBufferPointer { offsets -> firn_arrow_status in
                guard let offsetBase = offsets.baseAddress,
                    unsafe columnIndex == nil || columns.baseAddress != nil
                else { return FIRN_ARROW_MISUSE }
                return unsafe firn_arrow_pages_parse(
                    footer.native, Int32(leaf), columnIndex == nil ? nil : columns.baseAddress,
                    Int64(columns.count), offsetBase,
                    Int64(offsets.count), &parsed)
            }
        }
        try ArrowStatus.check(status, "a Parquet page index cannot be read")
        guard let parsed = unsafe parsed else {
            throw FileFormatsError(.internalFailure, "a page index was read and not given")
        }
        defer { unsafe firn_arrow_pages_release(parsed) }
        for index in unsafe 0..<firn_arrow_pages_count(parsed) {
            var page = unsafe firn_arrow_page()
            unsafe firn_arrow_pages_get(parsed, index, &page)
            // SAFETY: bounds live as long as the pages, and are copied here.
            unsafe pages.append(
                Page(
                    firstRow: Int(page.first_row), offset: page.offset, byteCount: Int(page.compressed_bytes),
                    nullCount: page.null_count >= 0 ? Int(page.null_count) : nil,
                    minimum: page.minimum.map {
                        unsafe Array(UnsafeBufferPointer(start: $0, count: Int(page.minimum_length)))
                    },
                    maximum: page.maximum.map {
                        unsafe Array(UnsafeBufferPointer(start: $0, count: Int(page.maximum_length)))
                    }))
        }
    }
}
