/// A whole query: `[WITH …] body [ORDER BY …] [LIMIT …] [OFFSET …]`.
package indirect enum QueryBodySyntax: Sendable, Hashable {
    case select(SelectSyntax)
    case values([[ExpressionSyntax]])
    case combined(SetOperator, isAll: Bool, QueryBodySyntax, QueryBodySyntax)
    /// In parentheses, with its own ORDER BY and LIMIT.
    case query(QuerySyntax)
}

package enum SetOperator: String, Sendable, Hashable {
    case union = "UNION"
    case intersect = "INTERSECT"
    case except = "EXCEPT"
}

/// A body with what surrounds it.
package struct QuerySyntax: Sendable, Hashable {
    package struct CommonTable: Sendable, Hashable {
        package var name: Identifier
        package var columns: [Identifier]
        package var query: QuerySyntax
        package var isMaterialized: Bool?
    }

    package var commonTables: [CommonTable] = []
    package var isRecursive = false
    package var body: QueryBodySyntax
    package var order: [OrderSyntax] = []
    package var limit: ExpressionSyntax?
    package var offset: ExpressionSyntax?
    /// Whether rows that sort as the last one of the limit come too.
    package var keepsTies = false
    package var position: TextPosition

    package init(body: QueryBodySyntax, position: TextPosition) {
        self.body = body
        self.position = position
    }
}

/// One SELECT without ORDER BY and LIMIT.
package struct SelectSyntax: Sendable, Hashable {
    package enum Distinct: Sendable, Hashable {
        case rows
        case on([ExpressionSyntax])
    }
    package struct Item: Sendable, Hashable {
        package var value: ExpressionSyntax
        package var alias: Identifier?

        package init(value: ExpressionSyntax, alias: Identifier? = nil) {
            self.value = value
            self.alias = alias
        }
    }
    package struct NamedWindow: Sendable, Hashable {
        package var name: Identifier
        package var specification: WindowSpecificationSyntax
    }

    package var distinct: Distinct?
    package var items: [Item] = []
    /// Several are a cross join.
    package var from: [TableSyntax] = []
    package var condition: ExpressionSyntax?
    package var grouping: GroupingSyntax?
    package var having: ExpressionSyntax?
    package var windows: [NamedWindow] = []
    package var qualify: ExpressionSyntax?
    package var position: TextPosition
}

/// What stands behind GROUP BY.
package enum GroupingSyntax: Sendable, Hashable {
    /// Every select item without an aggregate.
    case all
    case elements([Element])

    package enum Element: Sendable, Hashable {
        case key(ExpressionSyntax)
        case rollup([[ExpressionSyntax]])
        case cube([[ExpressionSyntax]])
        case sets([[ExpressionSyntax]])
    }
}
