import Columnar
import FileFormats
import Iceberg
import Plans

/// Finds the rows of a row group that may match, by the bounds of its pages.
///
///     page bounds of a   | 1…5      | 6…9      | 10…20   |
///     page bounds of b   | x…y            | u…v          |
///     rows to read       |          | a > 5 …  | …       |
enum PagePruning {
    struct Outcome {
        var rows: RowRanges
        var pages = 0
        var skippedPages = 0
    }

    /// Nil when the file has no page index for a column of the predicate.
    ///
    /// - Cost: one request.
    static func rows(
        of file: ParquetFile, rowGroup: Int, rowCount: Int, _ predicate: Predicate, _ fields: [Field]
    ) async throws -> Outcome? {
        let ids = predicate.fieldIDs
        let used = fields.filter { field in
            field.id.map { ids.contains($0) } ?? false && !ReservedFields.isMetadataColumn(field)
        }
        if used.isEmpty { return nil }
        let found = try await file.pages(rowGroup: rowGroup, fields: used)
        var columns: [Int: PageWalk] = [:]
        for (field, pages) in zip(used, found) {
            if let id = field.id, let pages, pages.count > 1 { columns[id] = PageWalk(pages) }
        }
        if columns.isEmpty { return nil }
        var outcome = Outcome(rows: RowRanges())
        outcome.pages = columns.values.reduce(0) { $0 + $1.pages.count }
        var start = 0
        while start < rowCount {
            var end = rowCount
            for id in columns.keys { end = min(end, columns[id]?.advance(to: start) ?? end) }
            let known = columns
            if predicate.mightMatch({ known[$0]?.statistics }) { outcome.rows.append(start..<end) }
            start = end
        }
        outcome.skippedPages = columns.values.reduce(0) { total, walk in
            total + walk.pages.count { outcome.rows.intersection(RowRanges($0.rows)).isEmpty }
        }
        return outcome
    }

    /// The pages of one column, and which of them holds the rows looked at.
    private struct PageWalk {
        let pages: [ParquetPage]
        private var index = 0

        init(_ pages: [ParquetPage]) { self.pages = pages }

        /// Goes to the page with the row; answers where that page ends.
        mutating func advance(to row: Int) -> Int {
            while index + 1 < pages.count, pages[index].rows.upperBound <= row { index += 1 }
            return max(pages[index].rows.upperBound, row + 1)
        }

        var statistics: ColumnStatistics { ColumnStatistics(pages[index].statistics) }
    }
}

extension ColumnStatistics {
    init(_ known: ParquetStatistics) {
        self.init(
            valueCount: Int64(known.valueCount), nullCount: known.nullCount.map { Int64($0) },
            lower: known.minimum, upper: known.maximum)
    }
}
