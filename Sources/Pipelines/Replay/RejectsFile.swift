import Blobs
import Columnar
import FileFormats
import Iceberg
import Scheduling
import Tables

/// Reads a data file of the rejects table, batch by batch, with every column the table has and without deleted rows.
struct RejectsFile {
    private let file: ParquetFile
    private let fields: [Field]
    private let deletes: RowDeletes?
    private var nextGroup = 0
    private var decoder: RowGroupDecoder?
    /// Rows of the file before the row group being read, and rows of it.
    private var firstRow: Int64 = 0
    private var groupRows = 0

    init(_ task: ScanTask, of metadata: TableMetadata, _ tables: TableServices) async throws {
        fields = metadata.currentSchema.fields
        deletes = try await DeleteLoader(
            metadata: metadata, store: tables.store, caches: tables.caches, footers: ParquetFooterCache(),
            workers: Workers((tables.pool, .pipeline))
        ).rows(of: task)
        file = try FileColumns(metadata).resolve(
            await ParquetFile.open(try await tables.store.open(task.path)), of: task, for: fields)
    }

    /// Dense; nil behind the last. A batch all of whose rows are deleted is empty.
    mutating func next() async throws -> Batch? {
        while true {
            if let decoder {
                let row = firstRow + Int64(decoder.position)
                if let batch = try decoder.next() { return live(batch, firstRow: row) }
                firstRow += Int64(groupRows)
                self.decoder = nil
            }
            guard nextGroup < file.rowGroupCount else { return nil }
            groupRows = file.rowGroups[nextGroup].rowCount
            decoder = try RowGroupDecoder(
                try await file.fetch(rowGroup: nextGroup, fields: fields + (deletes?.keyFields ?? [])))
            nextGroup += 1
        }
    }

    private func live(_ batch: Batch, firstRow: Int64) -> Batch {
        let whole = Batch(
            schema: Schema(fields), columns: Array(batch.columns.prefix(fields.count)),
            rowCount: batch.rowCount
        )
        guard let deletes else { return whole }
        let keys = Batch(
            schema: Schema(deletes.keyFields), columns: Array(batch.columns.dropFirst(fields.count)),
            rowCount: batch.rowCount)
        let rows = deletes.survivors(firstRow: firstRow, rowCount: batch.rowCount, keys: keys)
        return rows.map { whole.selecting($0).dense() } ?? whole
    }
}
