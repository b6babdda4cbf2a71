/// What a query's text leaves to its tables, as it was when the query was bound: a query that is kept must not change its
/// meaning with columns that come later.
package struct BoundNames: Sendable {
    /// The columns of each star.
    package var stars = ByPosition<[SelectSyntax.Item]>()
    /// The columns that a NATURAL JOIN joins by.
    package var naturalJoins = ByPosition<[Identifier]>()
    /// Bare names that another table could have too, with the table that is meant.
    package var columns = ByPosition<QualifiedName>()
    /// What a select item without a name is called, by its text as it is written.
    package var items = ByPosition<Identifier>()

    package init() {}

    /// Values by line and column: all positions are equal.
    package struct ByPosition<Value: Sendable>: Sendable {
        private var values: [Int64: Value] = [:]

        package subscript(position: TextPosition) -> Value? {
            get { values[Self.key(position)] }
            set { values[Self.key(position)] = newValue }
        }

        private static func key(_ position: TextPosition) -> Int64 {
            Int64(position.line) << 32 | Int64(position.column)
        }
    }
}

extension QuerySyntax {
    /// The query as SQL, with what its names and stars stand for.
    package func text(with names: BoundNames) -> String {
        SyntaxPrinter.text(with: names) { $0.write(self) }
    }
}

extension QueryBodySyntax {
    /// Whether its columns are in part what a star stands for.
    package var hasStar: Bool {
        switch self {
        case .select(let select):
            select.items.contains { if case .star = $0.value.kind { true } else { false } }
        case .values: false
        case .combined(_, _, let left, _): left.hasStar
        case .query(let query): query.body.hasStar
        }
    }
}
