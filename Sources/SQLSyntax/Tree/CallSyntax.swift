/// A call of a function, aggregate or window function, with all its clauses.
package struct CallSyntax: Sendable, Hashable {
    package enum NullTreatment: String, Sendable, Hashable {
        case ignore = "IGNORE"
        case respect = "RESPECT"
    }

    package var function: QualifiedName
    package var arguments: [ExpressionSyntax]
    package var isDistinct = false
    /// `array_agg(x ORDER BY y)`
    package var order: [OrderSyntax] = []
    /// `WITHIN GROUP (ORDER BY x)`
    package var withinGroup: [OrderSyntax] = []
    package var filter: ExpressionSyntax?
    package var nullTreatment: NullTreatment?
    package var window: WindowSyntax?
    /// `WITH ORDINALITY`, behind a table function.
    package var hasOrdinality = false

    package init(_ function: QualifiedName, _ arguments: [ExpressionSyntax]) {
        self.function = function
        self.arguments = arguments
    }
}

/// What stands behind OVER: a window's name, or its specification.
package enum WindowSyntax: Sendable, Hashable {
    case named(Identifier)
    case inline(WindowSpecificationSyntax)
}

/// `([base] PARTITION BY … ORDER BY … ROWS …)`
package struct WindowSpecificationSyntax: Sendable, Hashable {
    package var base: Identifier?
    package var partition: [ExpressionSyntax] = []
    package var order: [OrderSyntax] = []
    package var frame: FrameSyntax?
}

/// `ROWS BETWEEN 1 PRECEDING AND CURRENT ROW`
package struct FrameSyntax: Sendable, Hashable {
    package enum Unit: String, Sendable, Hashable {
        case rows = "ROWS"
        case range = "RANGE"
        case groups = "GROUPS"
    }
    package indirect enum Bound: Sendable, Hashable {
        case unboundedPreceding
        case preceding(ExpressionSyntax)
        case currentRow
        case following(ExpressionSyntax)
        case unboundedFollowing
    }

    package enum Exclusion: String, Sendable, Hashable {
        case none = "NO OTHERS"
        case currentRow = "CURRENT ROW"
        case group = "GROUP"
        case ties = "TIES"
    }

    package var unit: Unit
    package var start: Bound
    package var end: Bound?
    package var exclusion: Exclusion?
}

/// `value [ASC|DESC] [NULLS FIRST|LAST]`
package struct OrderSyntax: Sendable, Hashable {
    package var value: ExpressionSyntax
    package var isDescending: Bool
    /// Nil: last when ascending, first when descending.
    package var nullsFirst: Bool?

    /// `ORDER BY ALL`: every column of the answer, from left to right; only behind a query, and alone.
    package var isEveryColumn: Bool { if case .star = value.kind { true } else { false } }
}

extension ExpressionSyntax {
    /// What ALL is in `ORDER BY ALL`.
    static func everyColumn(at position: TextPosition) -> ExpressionSyntax {
        ExpressionSyntax(.star(StarSyntax()), at: position)
    }
}
