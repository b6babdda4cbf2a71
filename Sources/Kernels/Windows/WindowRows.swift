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
    /// Nil when the partitions are whole.
    package let part: WindowPart?

    /// `partition` and `order` are keys of rows already sorted by them, in this order; none makes all rows equal.
    package init(partition: [Column], order: [Column], rowCount: Int, part: WindowPart? = nil) {
        self.rowCount = rowCount
        self.part = part
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

    /// The place of a row in its partition, from zero.
    func place(of row: Int) -> Int { (part?.rowsBefore ?? 0) + row - Int(partitionStarts[row]) }

    /// The place of the first row that sorts like this one.
    func firstPeer(of row: Int) -> Int {
        part?.peers?.lowerBound ?? (part?.rowsBefore ?? 0) + Int(peerStarts[row] - partitionStarts[row])
    }

    /// One past the place of the last row that sorts like this one.
    func peerEnd(of row: Int) -> Int {
        part?.peers?.upperBound ?? (part?.rowsBefore ?? 0) + Int(peerEnds[row] - partitionStarts[row])
    }

    /// Rows of the row's partition.
    func partitionCount(of row: Int) -> Int {
        part?.rowCount ?? Int(partitionEnds[row] - partitionStarts[row])
    }

    /// Bytes that the arrays take for so many rows.
    package static func byteCount(rowCount: Int) -> Int { rowCount * 16 }
}

/// Where rows stand that are a part of one partition, too large to be looked at whole.
package struct WindowPart: Sendable {
    package let rowsBefore: Int
    /// Of the whole partition.
    package let rowCount: Int
    /// Groups of peers before the part's first row's.
    package let groupsBefore: Int
    /// Places in the partition, when all rows of the part sort alike and others do too; nil when every row has all its
    /// peers in the part.
    package let peers: Range<Int>?

    package init(rowsBefore: Int, rowCount: Int, groupsBefore: Int, peers: Range<Int>?) {
        self.rowsBefore = rowsBefore
        self.rowCount = rowCount
        self.groupsBefore = groupsBefore
        self.peers = peers
    }
}
