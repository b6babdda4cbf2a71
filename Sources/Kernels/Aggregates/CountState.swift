import Columnar

/// count(*) and count(x, …): rows, or rows where no argument is null.
struct CountState: AggregateState {
    private let result: DataType
    private var counts: [Int64] = [0]

    init(result: DataType) { self.result = result }

    var byteCount: Int { counts.capacity * 8 }

    mutating func resize(to count: Int) {
        guard count > counts.count else { return }
        counts.append(contentsOf: repeatElement(0, count: count - counts.count))
    }

    mutating func update(_ rows: AggregateRows) throws(KernelError) {
        let validity = rows.arguments.reduce(nil) { intersect($0, $1.mayHaveNulls ? $1.validityBits() : nil) }
        guard let groups = rows.groups else {
            counts[0] += Int64(validity?.setCount ?? rows.rowCount)
            return
        }
        var counts = counts.mutableSpan
        let ids = groups.span
        if let validity {
            for row in 0..<ids.count { counts[Int(ids[row])] &+= validity[row] ? 1 : 0 }
        } else {
            for row in 0..<ids.count { counts[Int(ids[row])] &+= 1 }
        }
    }

    mutating func merge(_ other: any AggregateState, groups: [Int32]) throws(KernelError) {
        let other = sameKind(other)
        for (group, id) in groups.enumerated() { counts[Int(id)] += other.counts[group] }
    }

    func partial(_ range: Range<Int>) -> Column {
        Column(.long, count: range.count, .int64(Array(counts[range])))
    }

    mutating func merge(partial column: Column, groups: [Int32]) throws(KernelError) {
        let added: Operand<Int64> = column.operand()
        for (row, id) in groups.enumerated() { counts[Int(id)] += added[row] }
    }

    func finish(_ supervisor: (any KernelSupervisor)?) throws(KernelError) -> Column {
        try Column(.long, count: counts.count, .int64(counts)).cast(to: result)
    }
}
