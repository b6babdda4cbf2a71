package import Columnar

/// One file of a table: where it lies, what is in it, what is known of its columns.
///
/// Source: Iceberg table specification, "Data File Fields".
package struct DataFile: Sendable, Hashable {
    package enum Content: Int, Sendable {
        case data = 0
        case positionDeletes = 1
        case equalityDeletes = 2
    }

    package var content: Content
    package var path: String
    /// `PARQUET`, `ORC`, `AVRO` or `PUFFIN`, as written.
    package var format: String
    package var specID: Int
    /// One value a field of the spec.
    package var partition: [Scalar]
    package var recordCount: Int64
    package var fileSize: Int64
    /// The maps are by field id; nil where the writer kept none.
    package var columnSizes: [Int: Int64]?
    package var valueCounts: [Int: Int64]?
    package var nullCounts: [Int: Int64]?
    package var nanCounts: [Int: Int64]?
    /// Encoded as `SingleValue`.
    package var lowerBounds: [Int: [UInt8]]?
    package var upperBounds: [Int: [UInt8]]?
    package var keyMetadata: [UInt8]?
    /// Where a reader may start: the first bytes of row groups.
    package var splitOffsets: [Int64]?
    /// Equality deletes only.
    package var equalityIDs: [Int]?
    package var sortOrderID: Int?
    /// Version 3.
    package var firstRowID: Int64?
    package var referencedDataFile: String?
    package var contentOffset: Int64?
    package var contentSize: Int64?

    package init(path: String, specID: Int, partition: [Scalar], recordCount: Int64, fileSize: Int64) {
        content = .data
        self.path = path
        format = "PARQUET"
        self.specID = specID
        self.partition = partition
        self.recordCount = recordCount
        self.fileSize = fileSize
    }

    /// What is known of one column. A bound that does not decode is not known; so is one of a type that changed in a
    /// way Firn does not follow.
    package func statistics(ofFieldID id: Int, _ type: DataType) -> ColumnStatistics {
        func bound(_ bytes: [UInt8]?) -> Scalar? {
            guard let bytes else { return nil }
            do { return try SingleValue.decode(bytes, type) } catch { return nil }
        }
        return ColumnStatistics(
            valueCount: valueCounts?[id], nullCount: nullCounts?[id], nanCount: nanCounts?[id],
            lower: bound(lowerBounds?[id]), upper: bound(upperBounds?[id]))
    }
}
