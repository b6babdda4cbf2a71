package import Columnar
import Iceberg

/// Fills in what a reader knows of each row and the file does not hold: where it lies, and its lineage.
///
/// Source: Iceberg table specification, "Row Lineage".
package struct RowLineage: Sendable {
    private enum Kind {
        case position
        case rowID
        case lastUpdated
    }

    /// Places among the fields.
    private let computed: [(index: Int, kind: Kind)]

    package init(_ fields: [Field]) {
        var computed: [(index: Int, kind: Kind)] = []
        for (index, field) in fields.enumerated() {
            switch field.id {
            case ReservedFields.position.id: computed.append((index, .position))
            case ReservedFields.rowID.id: computed.append((index, .rowID))
            case ReservedFields.lastUpdatedSequenceNumber.id: computed.append((index, .lastUpdated))
            default: continue
            }
        }
        self.computed = computed
    }

    /// The batch with these columns filled in; dense batches only.
    ///
    /// - Parameter firstRow: The place of the batch's first row in its file.
    package func complete(_ batch: Batch, of task: ScanTask, firstRow: Int64) -> Batch {
        if computed.isEmpty { return batch }
        precondition(batch.selection == nil)
        var columns = batch.columns
        let count = batch.columnRowCount
        for (index, kind) in computed {
            switch kind {
            case .position:
                columns[index] = Column(
                    .long, count: count, .int64((0..<count).map { firstRow &+ Int64($0) }))
            case .rowID:
                // Files from before version 3 give their rows no ids.
                guard let first = task.file.firstRowID else { continue }
                columns[index] = Self.filled(columns[index]) { first &+ firstRow &+ Int64($0) }
            case .lastUpdated:
                if task.file.firstRowID == nil { continue }
                columns[index] = Self.filled(columns[index]) { _ in task.sequenceNumber }
            }
        }
        return Batch(schema: batch.schema, columns: columns, rowCount: count)
    }

    /// The column with `value` wherever it is null.
    private static func filled(_ column: Column, _ value: (Int) -> Int64) -> Column {
        let stored: [Int64]? = if case .int64(let items) = column.flattened().values { items } else { nil }
        let items = (0..<column.count).map { row in
            column.isNull(row) ? value(row) : stored?[row] ?? value(row)
        }
        return Column(.long, count: column.count, .int64(items))
    }
}
