package import Columnar

/// Runs a plan over its own last answer until there are no more rows: WITH RECURSIVE.
///
///     rows = base
///     while rows is not empty: give rows; rows = step(working table = rows)
///
/// *Shapes*: base and step have the same types; the schema is the base's.
package struct Recursion: Sendable, Hashable {
    /// Which working table the step reads; recursions that lie inside each other have different ones.
    package var id: Int
    /// Gives each row once (UNION), not as often as it comes (UNION ALL).
    package var isDistinct: Bool

    package init(id: Int, isDistinct: Bool) {
        self.id = id
        self.isDistinct = isDistinct
    }
}

/// The rows of the last round of a recursion, as its step reads them.
package struct WorkingTable: Sendable, Hashable {
    package var id: Int
    package var schema: Schema

    package init(id: Int, schema: Schema) {
        self.id = id
        self.schema = schema
    }
}
