package import Columnar

/// What a table's manifests tell of a snapshot's rows, without reading them.
package struct TableStatistics: Sendable, Hashable {
    package struct Column: Sendable, Hashable {
        /// No value that is neither null nor NaN is below it; nil where a file does not tell.
        package var lower: Scalar?
        package var upper: Scalar?
        /// Nil where a file does not tell.
        package var nullCount: Int64?
        /// About; from a sketch. Nil without one.
        package var distinctCount: Int64?
        /// The bounds are the least and the greatest value of every file: not cut short, and without NaN beside them.
        package var isExact = false

        package init() {}
    }

    package var rowCount: Int64
    /// No row that was counted is deleted.
    package var isExact: Bool
    /// By field id; columns that nothing is known of are left out.
    package var columns: [Int: Column]

    package init(rowCount: Int64, isExact: Bool, columns: [Int: Column] = [:]) {
        self.rowCount = rowCount
        self.isExact = isExact
        self.columns = columns
    }
}
