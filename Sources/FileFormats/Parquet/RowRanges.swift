/// Rows of a row group that somebody wants: ranges that ascend and do not touch.
package struct RowRanges: Sendable, Hashable {
    package private(set) var ranges: [Range<Int>] = []

    /// `0..<count`
    package init(all count: Int) { append(0..<count) }

    package init(_ range: Range<Int>) { append(range) }

    package init() {}

    package var count: Int { ranges.reduce(0) { $0 + $1.count } }
    package var isEmpty: Bool { ranges.isEmpty }

    /// Behind what is there; joined with it where they touch, if that is wanted.
    package mutating func append(_ range: Range<Int>, joining: Bool = true) {
        if range.isEmpty { return }
        if let last = ranges.last {
            precondition(last.upperBound <= range.lowerBound)
            if joining, last.upperBound == range.lowerBound {
                ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
                return
            }
        }
        ranges.append(range)
    }

    package func intersection(_ other: RowRanges) -> RowRanges {
        var result = RowRanges()
        var (left, right) = (0, 0)
        while left < ranges.count, right < other.ranges.count {
            let common = ranges[left].clamped(to: other.ranges[right])
            result.append(common)
            if ranges[left].upperBound < other.ranges[right].upperBound { left += 1 } else { right += 1 }
        }
        return result
    }

    /// Whether one of the rows is among them.
    func meets(_ range: Range<Int>) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].lowerBound < range.upperBound
    }
}
