/// What the stars of a query stand for, by where they stand: a query that is kept must not take up columns that come later.
package struct StarColumns: Sendable {
    /// By line and column: all positions are equal.
    private var columns: [Int64: [SelectSyntax.Item]] = [:]

    package init() {}

    package subscript(position: TextPosition) -> [SelectSyntax.Item]? {
        get { columns[Self.key(position)] }
        set { columns[Self.key(position)] = newValue }
    }

    private static func key(_ position: TextPosition) -> Int64 {
        Int64(position.line) << 32 | Int64(position.column)
    }
}

extension QuerySyntax {
    /// The query as SQL, with columns in place of stars.
    package func text(with columns: StarColumns) -> String {
        SyntaxPrinter.text(with: columns) { $0.write(self) }
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
