package import Columnar

/// Orders rows by key columns: numbers, nulls and the first eight bytes of text as words that compare as unsigned
/// integers, longer text by its bytes.
///
/// - Order: total; rows with equal keys keep their order.
/// - Cost: one to three words a key and row, side by side; heaps are followed only where the words agree.
package struct RowOrder {
    /// A run of words that decides before what follows it.
    private struct Step {
        /// One past the last word.
        let end: Int
        /// Decides where the words before agree.
        let text: StringColumn?
        let nested: Column?
        let isDescending: Bool
    }
    package let rowCount: Int
    private let width: Int
    /// `width` words a row: for each key its null rank where it has nulls, and the value's words; all already turned
    /// round for descending keys.
    private let words: [UInt64]
    /// Where words alone do not decide; empty when they do.
    private let steps: [Step]

    package init(_ columns: [Column], _ directions: [SortDirection], rowCount: Int) {
        precondition(columns.count == directions.count)
        self.rowCount = rowCount
        var lanes: [[UInt64]] = []
        var steps: [Step] = []
        for (column, direction) in zip(columns, directions) {
            let key = SortKeyWords(column.flattened(), direction)
            lanes += key.lanes
            if key.text != nil || key.nested != nil {
                steps.append(
                    Step(
                        end: lanes.count, text: key.text, nested: key.nested,
                        isDescending: direction.isDescending))
            }
        }
        width = lanes.count
        self.steps = steps
        var words = [UInt64](repeating: 0, count: rowCount * lanes.count)
        for (place, lane) in lanes.enumerated() {
            precondition(lane.count == rowCount)
            for row in 0..<rowCount { words[row &* lanes.count &+ place] = lane[row] }
        }
        self.words = words
    }

    /// Negative, zero or positive; the other row may belong to another order over the same kinds of keys.
    package func compare(_ row: Int, _ other: RowOrder, _ otherRow: Int) -> Int {
        precondition(width == other.width && steps.count == other.steps.count)
        return compare(row, other, otherRow, from: 0)
    }

    @inline(__always)
    private func compare(_ row: Int, _ other: RowOrder, _ otherRow: Int, from first: Int) -> Int {
        let base = row &* width
        let otherBase = otherRow &* width
        var place = first
        var step = 0
        while true {
            let end = step < steps.count ? steps[step].end : width
            while place < end {
                let left = words[base &+ place]
                let right = other.words[otherBase &+ place]
                if left != right { return left < right ? -1 : 1 }
                place &+= 1
            }
            guard step < steps.count else { return 0 }
            let order = decide(steps[step], row, other.steps[step], otherRow)
            if order != 0 { return order }
            step &+= 1
        }
    }

    private func decide(_ step: Step, _ row: Int, _ other: Step, _ otherRow: Int) -> Int {
        var order = 0
        if let text = step.text, let otherText = other.text {
            order = text.compare(row, otherText, otherRow)
        } else if let nested = step.nested, let otherNested = other.nested {
            // Where one is null so is the other, or the ranks would have decided.
            if nested.isNull(row) { return 0 }
            order = nested.scalar(at: row).order(comparedTo: otherNested.scalar(at: otherRow))
        }
        return step.isDescending ? -order : order
    }

    /// The rows in order.
    ///
    /// - Errors: `KRN-301`.
    package func sortedRows() throws(KernelError) -> [Int32] {
        guard width > 0 else { return (0..<Int32(truncatingIfNeeded: rowCount)).map { $0 } }
        // The first two words travel with the row, so that most comparisons touch nothing else.
        let hasSecond = width > 1 && (steps.first?.end ?? 2) > 1
        let from = hasSecond ? 2 : 1
        let isExact = width == from && steps.isEmpty
        var entries = (0..<rowCount).map { row in
            Entry(
                first: words[row &* width], second: hasSecond ? words[row &* width &+ 1] : 0,
                row: Int32(truncatingIfNeeded: row))
        }
        var comparisons = 0
        do {
            try entries.sort { left, right in
                comparisons &+= 1
                if comparisons & Self.checkMask == 0 { try KernelError.checkInterruption() }
                if left.first != right.first { return left.first < right.first }
                if left.second != right.second { return left.second < right.second }
                if !isExact {
                    let order = compare(Int(left.row), self, Int(right.row), from: from)
                    if order != 0 { return order < 0 }
                }
                return left.row < right.row
            }
        } catch {
            // A sort does not say which kind of error it throws; nothing else does in there.
            throw KernelError.interruption
        }
        return entries.map(\.row)
    }

    /// The rows that come before row `bound` of another order, strictly or with those that are equal to it, ascending.
    package func rows(before bound: Int, of other: RowOrder, orEqual: Bool = false) -> [Int32] {
        precondition(width == other.width && steps.count == other.steps.count)
        var rows: [Int32] = []
        for row in 0..<rowCount where compare(row, other, bound, from: 0) < (orEqual ? 1 : 0) {
            rows.append(Int32(truncatingIfNeeded: row))
        }
        return rows
    }

    /// Comparisons between two questions whether the sort is still wanted, less one.
    private static let checkMask = 0xFFFF

    private struct Entry {
        var first: UInt64
        var second: UInt64
        var row: Int32
    }
}
