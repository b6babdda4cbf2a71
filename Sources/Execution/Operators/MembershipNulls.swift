import Columnar
import Kernels
import Plans

/// Where `x IN (…)` is unknown and not false: x or a row of the list is null, and the list is not empty.
///
/// Lists are told apart by the join's keys; a query on its own has one list.
struct MembershipNulls: Sendable {
    private var lists: JoinIndex
    private var listsWithNull: JoinIndex

    init(_ join: Join) {
        lists = JoinIndex(types: join.rightKeys.map(\.type), nullsMatch: join.nullsMatch)
        listsWithNull = lists
    }

    var byteCount: Int { lists.byteCount + listsWithNull.byteCount }

    /// - Parameter values: what is sought in, a row a row.
    mutating func append(_ keys: [Column], _ values: Column, rowCount: Int) {
        lists.append(keys, rowCount: rowCount)
        guard values.mayHaveNulls else { return }
        let rows = (0..<Int32(truncatingIfNeeded: rowCount)).filter { values.isNull(Int($0)) }
        if !rows.isEmpty { listsWithNull.append(keys.map { $0.gather(rows) }, rowCount: rows.count) }
    }

    mutating func seal() {
        lists.seal()
        listsWithNull.seal()
    }

    /// For each row whether the answer is unknown, given that no equal value was found.
    func unknown(_ keys: [Column], _ sought: Column, rowCount: Int) -> [Bool] {
        let list = lists.find(keys, rowCount: rowCount)
        let withNull = listsWithNull.find(keys, rowCount: rowCount)
        return (0..<rowCount).map { list[$0] >= 0 && (sought.isNull($0) || withNull[$0] >= 0) }
    }
}
