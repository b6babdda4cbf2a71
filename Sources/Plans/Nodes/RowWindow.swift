/// Which rows of an ordered input go on: skip some, then take some.
package struct RowWindow: Sendable, Hashable {
    package var offset: Int
    /// Nil takes all.
    package var count: Int?

    package init(offset: Int = 0, count: Int?) {
        self.offset = offset
        self.count = count
    }

    /// How many input rows can matter; nil for all, also when the sum does not fit.
    package var end: Int? {
        guard let count else { return nil }
        let (sum, isOverflow) = offset.addingReportingOverflow(count)
        return isOverflow ? nil : sum
    }
}
