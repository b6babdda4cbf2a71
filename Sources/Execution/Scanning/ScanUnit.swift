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

    private let firstLineage: RowLineage

    /// - Parameter file: With the columns of the table.
    init(_ file: ParquetFile, _ task: ScanTask, deletes: RowDeletes?, layout: ScanLayout) {
        self.file = file
        self.task = task
        self.deletes = deletes
        let keys = deletes?.keyFields ?? []
        firstFields = layout.filterFields + keys
        firstLineage = RowLineage(firstFields)
        decidesFirst = layout.filter != nil || !keys.isEmpty
    }

    /// The batch with what is known of its rows filled in and without its deleted rows; nil when none is left.
    ///
    /// - Parameter batch: Of `firstFields`, or of all fields where nothing is decided first. Dense.
    /// - Parameter firstRow: The place of its first row in the file.
    func live(_ batch: Batch, firstRow: Int64, _ layout: ScanLayout) -> Batch? {
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

/// A row group to read.
struct ScanUnit: Sendable {
    let file: ScannedFile
    let rowGroup: Int
    /// The place of its first row in the file.
    let firstRow: Int64
}
