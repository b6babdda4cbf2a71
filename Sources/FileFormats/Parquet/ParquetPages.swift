import Blobs
package import Columnar

/// One data page of a column: which rows of the row group it holds, and their bounds.
package struct ParquetPage: Sendable, Hashable {
    package var rows: Range<Int>
    package var byteCount: Int
    package var statistics: ParquetStatistics

    package init(rows: Range<Int>, byteCount: Int, statistics: ParquetStatistics) {
        self.rows = rows
        self.byteCount = byteCount
        self.statistics = statistics
    }
}

extension ParquetFile {
    /// The pages of a column outside lists, in order; nil when the file has no page index for it, or no such column.
    ///
    /// - Cost: one request for the two indexes.
    package func pages(rowGroup: Int, field: Field) async throws -> [ParquetPage]? {
        guard footer.rowGroups.indices.contains(rowGroup) else { return nil }
        let group = footer.rowGroups[rowGroup]
        guard let (raw, leaf) = ParquetRowGroup.find(columns, field, byID: field.id != nil && hasFieldIDs),
            try ParquetLeafType.isReadable(raw, as: field.type),
            let columnPlace = group.chunks[leaf].columnIndex,
            let offsetPlace = group.chunks[leaf].offsetIndex
        else { return nil }
        for place in [columnPlace, offsetPlace] where place.upperBound > reader.info.size {
            throw FileFormatsError(
                .corruptFile, "a page index lies outside its file", ["offset": place.lowerBound])
        }
        let bytes = try await reader.read([columnPlace, offsetPlace])
        let index = try ParquetPageIndex(footer, leaf: leaf, columnIndex: bytes[0], offsetIndex: bytes[1])
        return try Self.pages(index, raw, field, rowCount: group.rowCount)
    }

    private static func pages(
        _ index: ParquetPageIndex, _ raw: ParquetFooter.Node, _ field: Field, rowCount: Int
    ) throws(FileFormatsError) -> [ParquetPage] {
        var pages: [ParquetPage] = []
        for (position, page) in index.pages.enumerated() {
            let isLast = position + 1 == index.pages.count
            let end = isLast ? rowCount : index.pages[position + 1].firstRow
            guard page.firstRow >= 0, page.firstRow <= end, end <= rowCount,
                position > 0 || page.firstRow == 0
            else {
                throw FileFormatsError(.corruptFile, "the rows of a page index do not follow each other")
            }
            let rows = page.firstRow..<end
            let statistics = ParquetStatistics(
                valueCount: rows.count, nullCount: page.nullCount,
                minimum: ParquetBound.scalar(page.minimum, raw, as: field.type),
                maximum: ParquetBound.scalar(page.maximum, raw, as: field.type))
            pages.append(ParquetPage(rows: rows, byteCount: page.byteCount, statistics: statistics))
        }
        return pages
    }
}
