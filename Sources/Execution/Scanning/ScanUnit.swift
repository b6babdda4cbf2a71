import Columnar
import FileFormats
import Tables

/// A data file that a scan opened.
struct ScannedFile: Sendable {
    let file: ParquetFile
    let task: ScanTask
    let deletes: RowDeletes?
    /// The columns that tell which rows are left: the filter's, then those that equality deletes compare.
    let firstFields: [Field]
    /// Rows are chosen by `firstFields` before the other columns are read.
    let decidesFirst: Bool
    let layout: ScanLayout

    private let firstLineage: RowLineage

    /// - Parameter file: With the columns of the table.
    init(_ file: ParquetFile, _ task: ScanTask, deletes: RowDeletes?, layout: ScanLayout) {
        self.file = file
        self.task = task
        self.deletes = deletes
        let keys = deletes?.keyFields ?? []
        firstFields = layout.filterFields + keys
        firstLineage = RowLineage(firstFields)
        decidesFirst = !layout.filterFields.isEmpty || layout.filter != nil || !keys.isEmpty
        self.layout = layout
    }

    /// The same file, read by another layout of the same scan.
    func laidOut(_ layout: ScanLayout) -> ScannedFile {
        ScannedFile(file, task, deletes: deletes, layout: layout)
    }

    /// The batch with what is known of its rows filled in and without its deleted rows; nil when none is left.
    ///
    /// - Parameter batch: Of `firstFields`, or of all fields where nothing is decided first. Dense.
    /// - Parameter firstRow: The place of its first row in the file.
    func live(_ batch: Batch, firstRow: Int64) -> Batch? {
        let lineage = decidesFirst ? firstLineage : layout.lineage
        let batch = lineage.complete(batch, of: task, firstRow: firstRow)
        guard let deletes else { return batch }
        let count = deletes.keyFields.count
        let keys = Batch(
            schema: Schema(deletes.keyFields), columns: Array(batch.columns.suffix(count)),
            rowCount: batch.columnRowCount)
        let rows = deletes.survivors(firstRow: firstRow, rowCount: batch.columnRowCount, keys: keys)
        guard let rows else { return batch }
        return rows.isEmpty ? nil : batch.selecting(rows)
    }
}

/// A row group to read, or a part of a large one.
struct ScanUnit: Sendable {
    var file: ScannedFile
    let rowGroup: Int
    /// The place of the group's first row in the file.
    let firstRow: Int64
    /// Rows of the group.
    let rowCount: Int
    /// The part of them.
    let part: Range<Int>

    /// Row groups smaller than twice this are not split.
    private static let smallestPart = 8 * Batch.capacity

    /// Splits the group into so many parts at most, at borders of batches.
    static func parts(
        of file: ScannedFile, rowGroup: Int, firstRow: Int64, rowCount: Int, atMost count: Int
    ) -> [ScanUnit] {
        let parts = max(1, min(count, rowCount / smallestPart))
        let batches = (rowCount + Batch.capacity - 1) / Batch.capacity
        return (0..<parts).map { index in
            let start = batches * index / parts * Batch.capacity
            let end = min(rowCount, batches * (index + 1) / parts * Batch.capacity)
            return ScanUnit(
                file: file, rowGroup: rowGroup, firstRow: firstRow, rowCount: rowCount, part: start..<end)
        }
    }
}

/// What the first columns left of neighbouring rows.
struct DecidedRows: Sendable {
    /// Of the row group; no more than a batch.
    let rows: Range<Int>
    /// With a column row for each of them.
    let kept: Batch

    /// Only the rows between the first and the last that are left, where these are few.
    init(_ kept: Batch, startingAt row: Int) {
        guard let selection = kept.selection, let first = selection.first, let last = selection.last,
            Int(last - first) < kept.columnRowCount / 2
        else {
            rows = row..<row + kept.columnRowCount
            self.kept = kept
            return
        }
        let window = Int(first)..<Int(last) + 1
        rows = row + window.lowerBound..<row + window.upperBound
        self.kept = Batch(
            schema: kept.schema, columns: kept.columns.map { $0.slice(window) }, rowCount: window.count,
            selection: selection.map { $0 - first })
    }

    var byteCount: Int { kept.columns.reduce(0) { $0 + $1.ownByteCount } }

    /// What is left of a part of the rows; nil when nothing is.
    func kept(of part: Range<Int>) -> Batch? {
        if part == rows { return kept }
        let window = part.lowerBound - rows.lowerBound..<part.upperBound - rows.lowerBound
        guard let selection = kept.selection else { return kept.slice(window) }
        let left = selection.filter { window.contains(Int($0)) }
        if left.isEmpty { return nil }
        return Batch(
            schema: kept.schema, columns: kept.columns.map { $0.slice(window) }, rowCount: window.count,
            selection: left.map { $0 - Int32(window.lowerBound) })
    }
}
