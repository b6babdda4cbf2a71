/// Rows on their way through the engine: columns of equal length, and perhaps a selection of their rows.
///
/// Immutable once handed on. Operators ask for `dense()` when they need the selected rows only.
package struct Batch: Sendable {
    /// The most rows a batch has. Small enough that a few columns stay in the L2 cache, large enough that the cost of
    /// a call is spread thin.
    package static let capacity = 8192

    package let schema: Schema
    package let columns: [Column]
    /// Rows in every column, before the selection.
    package let columnRowCount: Int
    /// Positions of the chosen rows, ascending; nil chooses all.
    package let selection: [Int32]?

    package init(schema: Schema, columns: [Column], rowCount: Int, selection: [Int32]? = nil) {
        precondition(
            schema.count == columns.count, "a schema of \(schema.count) fields for \(columns.count) columns")
        precondition(columns.allSatisfy { $0.count == rowCount }, "columns of unlike length in a batch")
        self.schema = schema
        self.columns = columns
        self.columnRowCount = rowCount
        self.selection = selection
    }

    /// How many rows are chosen.
    package var rowCount: Int { selection?.count ?? columnRowCount }

    /// Only the chosen rows, without a selection.
    package func dense() -> Batch {
        guard let selection else { return self }
        return Batch(schema: schema, columns: columns.map { $0.gather(selection) }, rowCount: selection.count)
    }

    /// Narrows the choice to `rows`, positions in the columns and a subset of the present selection.
    package func selecting(_ rows: [Int32]) -> Batch {
        let isEverything = rows.count == columnRowCount
        return Batch(
            schema: schema, columns: columns, rowCount: columnRowCount, selection: isEverything ? nil : rows)
    }

    /// A range of the chosen rows.
    package func slice(_ range: Range<Int>) -> Batch {
        if range == 0..<rowCount { return self }
        if let selection {
            return Batch(
                schema: schema, columns: columns, rowCount: columnRowCount, selection: Array(selection[range])
            )
        }
        return Batch(schema: schema, columns: columns.map { $0.slice(range) }, rowCount: range.count)
    }

    /// The chosen rows of all `batches` in one, of any length.
    package static func concatenate(_ batches: [Batch], schema: Schema) -> Batch {
        if batches.count == 1 { return batches[0].dense() }
        let dense = batches.map { $0.dense() }
        let columns = schema.fields.indices.map { index in
            Column.concatenate(dense.map { $0.columns[index] }, type: schema.fields[index].type)
        }
        return Batch(schema: schema, columns: columns, rowCount: dense.reduce(0) { $0 + $1.rowCount })
    }

    /// The chosen rows as values, for edges and tests.
    package var rows: [[Scalar]] {
        let positions = selection ?? (0..<Int32(columnRowCount)).map { $0 }
        return positions.map { row in columns.map { $0.scalar(at: Int(row)) } }
    }
}
