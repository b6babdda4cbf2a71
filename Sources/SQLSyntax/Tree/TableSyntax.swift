/// What rows come from.
package indirect enum TableSyntax: Sendable, Hashable {
    case named(NamedTableSyntax)
    case subquery(QuerySyntax, isLateral: Bool, alias: TableAliasSyntax?)
    /// `UNNEST(…)`, `generate_series(1, 10)`
    case function(CallSyntax, isLateral: Bool, alias: TableAliasSyntax?)
    case join(JoinSyntax)

    package var position: TextPosition {
        switch self {
        case .named(let table): table.name.position
        case .subquery(let query, _, _): query.position
        case .function(let call, _, _): call.function.position
        case .join(let join): join.left.position
        }
    }

    /// `LATERAL (SELECT * FROM …) AS name`
    package func inLateralQuery(named name: Identifier) -> TableSyntax {
        inQuery(called: TableAliasSyntax(name: name, columns: []), isLateral: true)
    }

    /// `(SELECT * FROM …) AS alias`
    package func inQuery(called alias: TableAliasSyntax, isLateral: Bool) -> TableSyntax {
        .subquery(.everything(of: self), isLateral: isLateral, alias: alias)
    }
}

extension QuerySyntax {
    /// `SELECT * FROM table`
    package static func everything(of table: TableSyntax) -> QuerySyntax {
        let position = table.position
        let star = ExpressionSyntax(.star(StarSyntax()), at: position)
        let select = SelectSyntax(
            items: [SelectSyntax.Item(value: star)], from: [table], position: position)
        return QuerySyntax(body: .select(select), position: position)
    }
}

package struct NamedTableSyntax: Sendable, Hashable {
    package enum Version: Sendable, Hashable {
        /// A snapshot id, or the name of a branch or tag.
        case version(ExpressionSyntax)
        case timestamp(ExpressionSyntax)
    }

    package var name: QualifiedName
    package var version: Version?
    package var alias: TableAliasSyntax?

    package init(name: QualifiedName, version: Version? = nil, alias: TableAliasSyntax? = nil) {
        self.name = name
        self.version = version
        self.alias = alias
    }
}

package struct TableAliasSyntax: Sendable, Hashable {
    package var name: Identifier
    package var columns: [Identifier]
}

package struct JoinSyntax: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable {
        case inner = "JOIN"
        case left = "LEFT JOIN"
        case right = "RIGHT JOIN"
        case full = "FULL JOIN"
        case cross = "CROSS JOIN"
    }
    package enum Condition: Sendable, Hashable {
        case none
        case on(ExpressionSyntax)
        case using([Identifier])
        case natural
    }

    package var kind: Kind
    package var left: TableSyntax
    package var right: TableSyntax
    package var condition: Condition
    package var position: TextPosition
}
