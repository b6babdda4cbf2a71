package import Blobs
import Columnar
package import Iceberg

/// A file that deletes rows of data files.
package struct DeleteFile: Sendable {
    package var file: DataFile
    package var path: BlobPath
    package var sequenceNumber: Int64
    /// It is about one data file only.
    package var hasOneTarget = false
}

/// The deletes that may be about one data file.
package struct FileDeletes: Sendable {
    /// Where there is one, it holds all the deleted positions of the file.
    package var vector: DeleteFile?
    /// Empty where there is a vector.
    package var positions: [DeleteFile] = []
    /// Of each scope all files, older ones too: rows are deleted by those newer than the data file.
    package var equality: [EqualityScope] = []

    package var isEmpty: Bool { vector == nil && positions.isEmpty && equality.isEmpty }
    package var count: Int {
        (vector == nil ? 0 : 1) + positions.count + equality.reduce(0) { $0 + $1.files.count }
    }
}

/// Equality deletes that compare the same columns and are about the same data files.
package struct EqualityScope: Sendable {
    package struct Key: Hashable, Sendable {
        package var fieldIDs: [Int]
        /// Nil for the whole table: a spec without fields makes deletes global.
        package var partition: PartitionKey?
    }

    package var key: Key
    package var files: [DeleteFile]
}

/// A partition of one spec; values of different specs are never the same partition.
package struct PartitionKey: Hashable, Sendable {
    private let specID: Int
    private let values: [Scalar]

    package init(_ file: DataFile) {
        specID = file.specID
        // NaN is not itself; its bits are.
        values = file.partition.map { value in
            switch value {
            case .float(let number): .int128(Int128(number.isNaN ? Float.nan.bitPattern : number.bitPattern))
            case .double(let number):
                .int128(Int128(number.isNaN ? Double.nan.bitPattern : number.bitPattern))
            default: value
            }
        }
    }
}
