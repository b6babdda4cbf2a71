import Columnar
import Iceberg
import Kernels

/// Sorts rows on their way into a data file by the table's sort order, a run at a time.
///
/// A run is a row group: a file of one run is sorted as a whole and says so, a larger one has row groups and pages whose
/// bounds are narrow.
struct RunSorter: Sendable {
    /// Rows of a run; they are held in memory until it is full.
    static let runRows = 131_072

    let orderID: Int
    private let transforms: [Transform]
    private let sources: [ColumnPath]
    private let directions: [SortDirection]

    /// Nil when the table has no order, or one by a transform of a later specification: unsorted files are always right.
    ///
    /// - Errors: `ICE-106` when a source column is gone.
    init?(order: SortOrder, schema: IcebergSchema) throws(IcebergError) {
        let isUnknown = order.fields.contains { if case .unknown = $0.transform { true } else { false } }
        if order.isUnsorted || isUnknown { return nil }
        orderID = order.orderID
        transforms = order.fields.map(\.transform)
        sources = try order.fields.map { (field) throws(IcebergError) -> ColumnPath in
            guard let path = ColumnPath(to: field.sourceID, in: schema.fields) else {
                throw IcebergError(
                    .invalidSortOrder, "no column fits the sort field",
                    ["source-id": field.sourceID, "transform": field.transform])
            }
            return path
        }
        directions = order.fields.map {
            SortDirection(isDescending: $0.isDescending, nullsFirst: $0.nullsFirst)
        }
    }

    func sorted(_ batches: [Batch], schema: Schema) throws -> Batch {
        let run = Batch.concatenate(batches, schema: schema)
        var keys: [Column] = []
        for (transform, source) in zip(transforms, sources) {
            keys.append(try transform.apply(to: source.column(in: run)))
        }
        let rows = try RowOrder(keys, directions, rowCount: run.rowCount).sortedRows()
        return Batch(schema: schema, columns: run.columns.map { $0.gather(rows) }, rowCount: rows.count)
    }
}
