/// Bounds on what the parser takes from strangers.
package enum SQLSyntaxLimits {
    /// A statement of a person has kilobytes; generated IN lists have some hundreds of them.
    package static let textBytes = 1 << 20
    /// Levels of parentheses, subqueries and operators. The parser and all that walk the tree recurse; at this depth
    /// they stay within a thread's stack also in a debug build.
    package static let depth = 100
    /// Operators of arithmetic in a row that nest; of more is made a chain.
    static let nestedOperators = 8
    /// Joins and set operators in one statement.
    package static let combinations = 100
    /// Keys of a CUBE or ROLLUP inside GROUPING SETS, which the parser writes out.
    static let setsInside = 8
}
