/// Walks over the elements of a batch's rows, as far at a time as somebody wants: a copy begins at the same place.
struct UnnestCursor {
    /// Some elements of one row.
    struct Run {
        var row: Int32
        var numbers: Range<Int64>
    }

    /// Of each row.
    private let counts: [Int64]
    private let keepsEmpty: Bool
    private var row = 0
    private var number: Int64 = 0

    init(counts: [Int64], keepsEmpty: Bool) {
        self.counts = counts
        self.keepsEmpty = keepsEmpty
    }

    /// Nil at the end. A row without elements that is kept has one number that no element has.
    mutating func next(atMost limit: Int) -> Run? {
        while row < counts.count {
            let place = Int32(truncatingIfNeeded: row)
            let count = counts[row]
            if number < count {
                let end = number + min(count - number, Int64(limit))
                defer { number = end }
                return Run(row: place, numbers: number..<end)
            }
            row += 1
            number = 0
            if count == 0, keepsEmpty { return Run(row: place, numbers: -1..<0) }
        }
        return nil
    }

    /// Steps over so many rows of the result.
    mutating func skip(_ count: Int) {
        var left = count
        while left > 0, let run = next(atMost: left) { left -= run.numbers.count }
    }

    var isAtEnd: Bool {
        var copy = self
        return copy.next(atMost: 1) == nil
    }
}
