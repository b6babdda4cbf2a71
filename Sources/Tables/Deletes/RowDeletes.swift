package import Columnar
import Iceberg
import Scheduling

/// The deleted rows of one data file, ready to be asked batch by batch.
///
/// - Threads: any.
package struct RowDeletes: Sendable {
    /// Several delete files may be about the data file.
    let positions: [PositionSet]
    let equality: [EqualityDeletes]
    let sequenceNumber: Int64
    /// What the equality deletes compare; read beside what a query asks for. Columns inside structs come alone in their
    /// structs.
    package let keyFields: [Field]
    /// The memory of the positions.
    private let reservations: [MemoryReservation]
    private let keyPaths: [[ColumnPath]]

    init(
        positions: [PositionSet], equality: [EqualityDeletes], keyFields: [Field], sequenceNumber: Int64,
        reservations: [MemoryReservation]
    ) throws(TablesError) {
        self.positions = positions
        self.equality = equality
        self.keyFields = keyFields
        self.sequenceNumber = sequenceNumber
        self.reservations = reservations
        var paths: [[ColumnPath]] = []
        for deletes in equality { paths.append(try ColumnPath.all(deletes.fieldIDs, in: keyFields)) }
        keyPaths = paths
    }

    /// Positions of the batch's rows that are not deleted; nil when none is.
    ///
    /// - Parameter firstRow: The place of the batch's first row in its data file.
    /// - Parameter keys: The columns of `keyFields`, a row each of the batch's; without a selection.
    package func survivors(firstRow: Int64, rowCount: Int, keys: Batch) -> [Int32]? {
        var words = [UInt64](repeating: 0, count: (rowCount + 63) / 64)
        var found = false
        for set in positions { found = set.mark(&words, base: firstRow, count: rowCount) || found }
        for (deletes, paths) in zip(equality, keyPaths) {
            let columns = paths.map { $0.column(in: keys) }
            let isHit = deletes.mark(
                &words, keys: columns, rowCount: rowCount, sequenceNumber: sequenceNumber)
            found = isHit || found
        }
        return found ? (~Bitmap(words: words, count: rowCount)).setIndices : nil
    }
}

extension ColumnPath {
    /// - Errors: `TAB-102` for an id that is not there.
    static func all(_ ids: [Int], in fields: [Field]) throws(TablesError) -> [ColumnPath] {
        var paths: [ColumnPath] = []
        for id in ids {
            guard let path = ColumnPath(to: id, in: fields) else {
                throw TablesError(
                    .manifestUnreadable, "equality deletes compare a column that no schema of the table has",
                    ["field-id": id])
            }
            paths.append(path)
        }
        return paths
    }
}
