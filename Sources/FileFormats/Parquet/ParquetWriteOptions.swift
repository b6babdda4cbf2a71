package import Columnar
import Effects

/// How the pages of a Parquet file are compressed; the names are those that people give.
package enum ParquetCompression: String, Sendable, Hashable, CaseIterable {
    case zstd, snappy, gzip, lz4, uncompressed
}

/// How a Parquet file is laid out. The defaults are those of tables that Firn writes.
package struct ParquetWriteOptions: Sendable, Hashable {
    package var compression = ParquetCompression.zstd
    /// Zstandard's level. 1: layout buys more than effort does here (ENGINE-NOTES).
    package var zstdLevel = 1
    /// A scan's unit of work: small enough that two cores share a table of a few hundred thousand rows.
    package var rowGroupRows = 131_072
    /// A row group ends when its rows take about this much before encoding; nil for no such bound.
    package var rowGroupBytes: Int?
    /// Page-index pruning skips about this many rows at a time.
    package var pageRows = 20_000
    package var pageBytes = 1 << 20
    /// In the form that readers parse: `application version number`.
    package var createdBy = FirnVersion.createdBy
    /// The file's own key-value metadata.
    package var metadata: [String: String] = [:]

    package init() {}
}

/// What one column of a written file holds; Iceberg's metrics of a data file.
package struct ParquetColumnMetrics: Sendable, Hashable {
    /// Compressed, over all row groups.
    package var byteCount = 0
    /// Values and nulls; for what lies in lists, all elements.
    package var valueCount = 0
    package var nullCount = 0
    /// Nil for columns that are not floating.
    package var nanCount: Int?
    /// No value is smaller; strings are cut to a prefix. Nil when nobody knows, or all are null or NaN.
    package var lower: Scalar?
    /// No value is larger; cut strings are rounded up.
    package var upper: Scalar?

    package init() {}
}

/// A finished Parquet file.
package struct ParquetWriteResult: Sendable {
    package var fileSize: Int
    package var rowCount: Int
    /// By field id; leaves without one are left out.
    package var columnMetrics: [Int: ParquetColumnMetrics]
    /// Where the row groups begin.
    package var splitOffsets: [Int64]
}
