package import Columnar

/// Rows given in the statement itself; with no columns and one row it feeds a SELECT without FROM.
package struct ValueRows: Sendable, Hashable {
    package var schema: Schema
    /// As wide as the schema.
    package var rows: [[Scalar]]

    package init(schema: Schema, rows: [[Scalar]]) {
        self.schema = schema
        self.rows = rows
    }

    package static let oneRow = ValueRows(schema: Schema([]), rows: [[]])
}
