import Columnar
import Kernels

/// Numbers rows with equal keys from one, in the order in which they come.
struct RowCounter: Sendable {
    private var table: GroupTable
    /// Rows so far, by group.
    private var counts: [Int64] = []

    init(_ types: [DataType]) { table = GroupTable(types: types) }

    var byteCount: Int { table.byteCount + counts.capacity * 8 }

    mutating func number(_ keys: [Column], rowCount: Int) -> [Int64] {
        groups(keys, rowCount).map { group -> Int64 in
            counts[Int(group)] &+= 1
            return counts[Int(group)]
        }
    }

    /// Keys, and behind them how many rows there are of each, as `counted` gives them.
    mutating func add(counted columns: [Column], rowCount: Int) {
        guard case .int64(let added) = columns[columns.count - 1].flattened().values else { return }
        for (row, group) in groups(Array(columns.dropLast()), rowCount).enumerated() {
            counts[Int(group)] &+= added[row]
        }
    }

    var counted: [Column] { table.keys() + [Column(.long, count: counts.count, .int64(counts))] }

    private mutating func groups(_ keys: [Column], _ rowCount: Int) -> [Int32] {
        let groups = table.groups(of: keys, rowCount: rowCount)
        counts += [Int64](repeating: 0, count: max(0, table.count - counts.count))
        return groups
    }
}
