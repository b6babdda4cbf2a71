/// What rows are ordered by.
package struct SortKey: Sendable, Hashable {
    package var expression: Expression
    package var isDescending: Bool
    package var nullsFirst: Bool

    package init(_ expression: Expression, isDescending: Bool = false, nullsFirst: Bool? = nil) {
        self.expression = expression
        self.isDescending = isDescending
        // PostgreSQL's default: nulls are the largest.
        self.nullsFirst = nullsFirst ?? isDescending
    }
}
