import Columnar
import Kernels

/// The rows that the equality deletes of one scope delete: those equal to a key, in data older than the key.
///
/// - Nulls: null equals null.
package struct EqualityDeletes: Sendable {
    package let fieldIDs: [Int]
    private var table: GroupTable
    /// By group: the newest delete that has the key.
    private var newest: [Int64] = []

    init(fieldIDs: [Int], types: [DataType]) {
        self.fieldIDs = fieldIDs
        table = GroupTable(types: types)
    }

    var byteCount: Int { table.byteCount + newest.capacity * 8 }

    mutating func add(_ keys: [Column], rowCount: Int, sequenceNumber: Int64) {
        for group in table.groups(of: keys, rowCount: rowCount) {
            if Int(group) < newest.count {
                newest[Int(group)] = max(newest[Int(group)], sequenceNumber)
            } else {
                // Groups are numbered in the order in which they appear, so the next one is new.
                newest.append(contentsOf: repeatElement(sequenceNumber, count: Int(group) + 1 - newest.count))
            }
        }
    }

    /// Sets the bits of deleted rows. `keys` are the columns of `fieldIDs`, of data with the sequence number.
    func mark(_ words: inout [UInt64], keys: [Column], rowCount: Int, sequenceNumber: Int64) -> Bool {
        var found = false
        for (row, group) in table.findNullSafe(keys, rowCount: rowCount).enumerated()
        where group >= 0 && newest[Int(group)] > sequenceNumber {
            words[row >> 6] |= 1 << UInt64(row & 63)
            found = true
        }
        return found
    }
}
