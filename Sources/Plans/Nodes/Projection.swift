package import Columnar

/// Computes columns from columns.
package struct Projection: Sendable, Hashable {
    /// Over the input.
    package var expressions: [Expression]
    package var names: [String]

    package init(_ expressions: [Expression], names: [String]) {
        precondition(names.count == expressions.count, "every expression has a name")
        self.expressions = expressions
        self.names = names
    }

    package var schema: Schema { Schema(zip(names, expressions).map { Field($0, $1.type) }) }
}
