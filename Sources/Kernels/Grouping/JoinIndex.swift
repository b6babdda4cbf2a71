package import Columnar

/// The rows of a join's held side by their keys.
///
///     groups of rows with equal keys    0        1     2
///     starts                            0        3     4        6
///     members                           5  7  9  1     2  3
///
/// Filled by `append`, closed by `seal`, then read by any number of threads.
///
/// - Nulls: a row with a null key is in no group, unless null matches null for that key.
package struct JoinIndex: Sendable {
    private var table: GroupTable
    /// For each key, whether null equals null.
    private let nullsMatch: [Bool]
    /// The group of each appended row, or -1; empty once sealed.
    private var groups: [Int32] = []
    private var starts: [Int32] = []
    /// Positions of rows in the order of their groups.
    package private(set) var members: [Int32] = []

    /// Without types every row is in one group.
    package init(types: [DataType], nullsMatch: [Bool]? = nil) {
        table = GroupTable(types: types)
        self.nullsMatch = nullsMatch ?? types.map { _ in false }
    }

    package var byteCount: Int {
        table.byteCount + (groups.capacity + starts.capacity + members.capacity) * 4
    }

    package mutating func append(_ keys: [Column], rowCount: Int) {
        let validity = zip(keys, nullsMatch).reduce(nil) { known, next in
            intersect(known, !next.1 && next.0.mayHaveNulls ? next.0.validityBits() : nil)
        }
        guard let validity, !validity.isAllSet else {
            groups += table.groups(of: keys, rowCount: rowCount)
            return
        }
        let rows = validity.setIndices
        let found = table.groups(of: keys.map { $0.gather(rows) }, rowCount: rows.count)
        let base = groups.count
        groups.append(contentsOf: repeatElement(-1, count: rowCount))
        for (position, row) in rows.enumerated() { groups[base + Int(row)] = found[position] }
    }

    package mutating func seal() {
        starts = [Int32](repeating: 0, count: table.count + 1)
        for group in groups where group >= 0 { starts[Int(group) + 1] += 1 }
        for group in 0..<table.count { starts[group + 1] += starts[group] }
        var next = starts
        members = [Int32](repeating: 0, count: Int(starts[table.count]))
        for (row, group) in groups.enumerated() where group >= 0 {
            members[Int(next[Int(group)])] = Int32(truncatingIfNeeded: row)
            next[Int(group)] += 1
        }
        groups = []
    }

    /// The group with each row's keys, or -1.
    package func find(_ keys: [Column], rowCount: Int) -> [Int32] {
        table.find(keys, rowCount: rowCount, nullsMatch: nullsMatch)
    }

    /// Where a group's rows stand in `members`.
    package func range(of group: Int32) -> Range<Int> {
        Int(starts[Int(group)])..<Int(starts[Int(group) + 1])
    }

    /// Where a run of pairs stopped: the next row, and how many of its partners were given.
    package struct PairCursor {
        var row = 0
        var given = 0

        package init() {}
    }

    /// Appends pairs of rows and their partners, up to `limit` of them in all; false when every row had its partners.
    ///
    /// - Parameter groups: the group of each row, or -1, as `find` gives them.
    package func appendPairs(
        _ groups: [Int32], _ cursor: inout PairCursor, limit: Int, left: inout [Int32], right: inout [Int32]
    ) -> Bool {
        let (ids, starts, members) = (groups.span, starts.span, members.span)
        while cursor.row < ids.count {
            let group = Int(ids[cursor.row])
            if group >= 0 {
                let end = Int(starts[group + 1])
                var place = Int(starts[group]) + cursor.given
                while place < end {
                    if left.count >= limit {
                        cursor.given = place - Int(starts[group])
                        return true
                    }
                    left.append(Int32(truncatingIfNeeded: cursor.row))
                    right.append(members[place])
                    place &+= 1
                }
            }
            cursor.row &+= 1
            cursor.given = 0
        }
        return false
    }
}
