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
        try await pages(rowGroup: rowGroup, fields: [field])[0]
    }

    /// The pages of several columns; nil for each as above.
    ///
    /// - Cost: one request for all their indexes.
    package func pages(rowGroup: Int, fields: [Field]) async throws -> [[ParquetPage]?] {
        var result = [[ParquetPage]?](repeating: nil, count: fields.count)
        guard footer.rowGroups.indices.contains(rowGroup) else { return result }
        let group = footer.rowGroups[rowGroup]
        let byID = hasFieldIDs
        var places: [Range<Int64>] = []
        var found: [(index: Int, raw: ParquetFooter.Node, leaf: Int)] = []
        for (index, field) in fields.enumerated() {
            guard let (raw, leaf) = ParquetRowGroup.find(columns, field, byID: field.id != nil && byID),
                try ParquetLeafType.isReadable(raw, as: field.type),
                let columnPlace = group.chunks[leaf].columnIndex,
                let offsetPlace = group.chunks[leaf].offsetIndex
            else { continue }
            places += [columnPlace, offsetPlace]
            found.append((index, raw, leaf))
        }
        if found.isEmpty { return result }
        let bytes = try await readIndexes(places)
        for (place, entry) in found.enumerated() {
            let index = try ParquetPageIndex(
                footer, leaf: entry.leaf, columnIndex: bytes[place * 2], offsetIndex: bytes[place * 2 + 1])
            result[entry.index] = try Self.pages(
                index, entry.raw, fields[entry.index], rowCount: group.rowCount)
        }
        return result
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
