import Columnar

/// Rows put together by the group they belong to, as lists: the partial form of aggregates that keep rows.
struct GroupedRows {
    /// Rows of the range's groups, group by group, each group's in the order they came.
    private let order: [Int32]
    private let offsets: [Int32]

    init(groupOf: [Int32], groups: Range<Int>) {
        var counts = [Int32](repeating: 0, count: groups.count + 1)
        for group in groupOf where groups.contains(Int(group)) {
            counts[Int(group) - groups.lowerBound + 1] += 1
        }
        for place in 1..<counts.count { counts[place] += counts[place - 1] }
        var next = counts
        var order = [Int32](repeating: 0, count: Int(counts[groups.count]))
        for (row, group) in groupOf.enumerated() where groups.contains(Int(group)) {
            let place = Int(group) - groups.lowerBound
            order[Int(next[place])] = Int32(truncatingIfNeeded: row)
            next[place] += 1
        }
        self.order = order
        offsets = counts
    }

    /// One list of structures a group, a member a column.
    func lists(of columns: [Column]) -> Column {
        let picked = columns.map { $0.flattened().gather(order) }
        let fields = picked.enumerated().map { Field("\($0)", $1.type) }
        let element = Column(.structure(fields), count: order.count, .structure(picked))
        return Column(
            .list(Field("row", element.type)), count: offsets.count - 1,
            .list(offsets: offsets, element: element))
    }

    /// The members of all lists' structures as columns, and which list each row came from.
    static func rows(ofLists column: Column) -> (columns: [Column], owners: [Int32]) {
        guard case .list(let offsets, let element) = column.values,
            case .structure(let columns) = element.values
        else { preconditionFailure("kept rows are lists of structures") }
        let first = Int(offsets[0])
        let last = Int(offsets[offsets.count - 1])
        var owners: [Int32] = []
        owners.reserveCapacity(last - first)
        for list in 0..<column.count {
            owners.append(
                contentsOf: repeatElement(
                    Int32(truncatingIfNeeded: list), count: Int(offsets[list + 1] - offsets[list])))
        }
        return (columns.map { $0.slice(first..<last) }, owners)
    }
}
