package import Columnar

/// Sorted rows of whole partitions, and where each row's partition and peers begin and end.
///
///     partition  a a a a a b b
///     order      1 1 2 3 3 1 1
///     peers      |-| | |-| |-|
///
/// *Shapes*: every array has an entry a row.
package struct WindowRows: Sendable {
    package let rowCount: Int
    package let partitionStarts: [Int32]
    package let partitionEnds: [Int32]
    /// Rows of one partition whose order keys are equal are peers.
    package let peerStarts: [Int32]
    package let peerEnds: [Int32]

    /// `partition` and `order` are keys of rows already sorted by them, in this order; none makes all rows equal.
    package init(partition: [Column], order: [Column], rowCount: Int) {
        self.rowCount = rowCount
        let isPartition = Self.borders(partition, rowCount)
        var isPeer = Self.borders(order, rowCount)
        for row in 0..<rowCount where isPartition[row] { isPeer[row] = true }
        (partitionStarts, partitionEnds) = Self.runs(isPartition)
        (peerStarts, peerEnds) = Self.runs(isPeer)
    }

    /// Whether each row differs from the one before.
    private static func borders(_ keys: [Column], _ count: Int) -> [Bool] {
        var borders = [Bool](repeating: false, count: count)
        if count > 0 { borders[0] = true }
        guard !keys.isEmpty else { return borders }
        let order = RowOrder(keys, keys.map { _ in SortDirection() }, rowCount: count)
        for row in stride(from: 1, to: count, by: 1) where order.compare(row - 1, order, row) != 0 {
            borders[row] = true
        }
        return borders
    }

    private static func runs(_ isStart: [Bool]) -> (starts: [Int32], ends: [Int32]) {
        var starts = [Int32](repeating: 0, count: isStart.count)
        var ends = starts
        var start: Int32 = 0
        for row in isStart.indices {
            if isStart[row] { start = Int32(truncatingIfNeeded: row) }
            starts[row] = start
        }
        var end = Int32(truncatingIfNeeded: isStart.count)
        for row in isStart.indices.reversed() {
            ends[row] = end
            if isStart[row] { end = Int32(truncatingIfNeeded: row) }
        }
        return (starts, ends)
    }

    /// Bytes that the arrays take for so many rows.
    package static func byteCount(rowCount: Int) -> Int { rowCount * 16 }
}
