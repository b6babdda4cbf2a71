/// Numbers of columns that have no place yet while a statement is bound; no table has so many columns.
enum Placeholder {
    /// The answer of a subquery in an expression.
    static let subquery = 1 << 45
    /// A column of a query further out, by the number that its frame gave it.
    static let outer = 1 << 46
    /// A column of the subquery, in a comparison with its rows.
    static let inner = 1 << 47
}
