/// Which rows around a row a window function sees; what its offsets are, the plan says beside.
package struct WindowFrame: Sendable, Hashable {
    package enum Unit: String, Sendable, Hashable, CaseIterable {
        /// Offsets count rows.
        case rows
        /// Offsets are distances of the order's key.
        case range
        /// Offsets count groups of rows that sort alike.
        case groups
    }
    package enum Bound: String, Sendable, Hashable, CaseIterable {
        case unboundedPreceding = "unbounded preceding"
        case preceding
        /// With `range` and `groups`: the first or last row that sorts like it.
        case currentRow = "current row"
        case following
        case unboundedFollowing = "unbounded following"

        package var hasOffset: Bool { self == .preceding || self == .following }
    }
    package enum Exclusion: String, Sendable, Hashable, CaseIterable {
        case none
        case currentRow = "current row"
        /// The row and all that sort like it.
        case group
        /// All that sort like the row, but not the row.
        case ties
    }

    package var unit: Unit
    package var start: Bound
    package var end: Bound
    package var exclusion: Exclusion

    package init(_ unit: Unit, _ start: Bound, _ end: Bound, exclusion: Exclusion = .none) {
        self.unit = unit
        self.start = start
        self.end = end
        self.exclusion = exclusion
    }

    /// SQL's default; without an order all rows sort alike, and it is the whole partition.
    package static let standard = WindowFrame(.range, .unboundedPreceding, .currentRow)
}
