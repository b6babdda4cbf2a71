/// How one key orders rows.
package struct SortDirection: Sendable, Hashable {
    package var isDescending: Bool
    package var nullsFirst: Bool

    package init(isDescending: Bool = false, nullsFirst: Bool = false) {
        self.isDescending = isDescending
        self.nullsFirst = nullsFirst
    }
}
