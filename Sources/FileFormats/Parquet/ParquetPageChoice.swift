/// The pages of one column chunk that hold chosen rows.
struct ParquetPageChoice: Sendable {
    /// Bytes of the file, the dictionary's page first where there is one.
    var segments: [Range<Int64>]
    /// Rows of the row group in these pages, ascending.
    var rows: [Range<Int>]

    var rowCount: Int { rows.reduce(0) { $0 + $1.count } }

    /// The pages of the chunk that hold one of the wanted rows.
    ///
    /// - Errors: `FMT-201` for an index whose pages lie outside the chunk or do not follow each other.
    init(
        _ index: ParquetPageIndex, chunk: ParquetFooter.Chunk, rowCount: Int, wanted: RowRanges
    ) throws(FileFormatsError) {
        segments = []
        rows = []
        var last: (row: Int, offset: Int64) = (0, chunk.offset)
        for (place, page) in index.pages.enumerated() {
            let isLast = place + 1 == index.pages.count
            let endRow = isLast ? rowCount : index.pages[place + 1].firstRow
            guard page.firstRow == last.row, page.firstRow <= endRow, endRow <= rowCount, page.byteCount > 0,
                page.offset >= last.offset, page.offset <= chunk.range.upperBound,
                Int64(page.byteCount) <= chunk.range.upperBound - page.offset
            else {
                throw FileFormatsError(.corruptFile, "the pages of an index do not follow each other")
            }
            if place == 0 { append(chunk.offset..<page.offset) }
            last = (endRow, page.offset + Int64(page.byteCount))
            if wanted.meets(page.firstRow..<endRow) {
                append(page.offset..<last.offset)
                rows.append(page.firstRow..<endRow)
            }
        }
    }

    private mutating func append(_ bytes: Range<Int64>) {
        if bytes.isEmpty { return }
        if let end = segments.last, end.upperBound == bytes.lowerBound {
            segments[segments.count - 1] = end.lowerBound..<bytes.upperBound
        } else {
            segments.append(bytes)
        }
    }
}
