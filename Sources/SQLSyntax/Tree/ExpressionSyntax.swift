/// An expression as written, before names and types mean anything.
package struct ExpressionSyntax: Sendable, Hashable {
    package indirect enum Kind: Sendable, Hashable {
        case literal(LiteralSyntax)
        /// A column, perhaps with qualifiers before and fields behind; what is which, the planner finds out.
        case name(QualifiedName)
        /// `*`, `t.*`; only in a select list and in `count(*)`.
        case star(StarSyntax)
        case parameter(ParameterSyntax)
        case unary(UnaryOperator, ExpressionSyntax)
        /// Two operands; any number for the operators that chain.
        case binary(BinaryOperator, [ExpressionSyntax])
        /// `a + b - c …`, from the left: many operators of one precedence, so that a thousand terms do not nest.
        case chain(ExpressionSyntax, [ChainLinkSyntax])
        case isTest(ExpressionSyntax, TruthTest, isNegated: Bool)
        case isDistinct(ExpressionSyntax, ExpressionSyntax, isNegated: Bool)
        case between(ExpressionSyntax, low: ExpressionSyntax, high: ExpressionSyntax, isNegated: Bool)
        case inList(ExpressionSyntax, [ExpressionSyntax], isNegated: Bool)
        case inQuery(ExpressionSyntax, QuerySyntax, isNegated: Bool)
        case quantified(QuantifiedSyntax)
        /// `value > ANY (list)`
        case quantifiedList(ExpressionSyntax, BinaryOperator, isAll: Bool, list: ExpressionSyntax)
        case like(LikeSyntax)
        case caseWhen(CaseSyntax)
        case cast(ExpressionSyntax, TypeSyntax, isTry: Bool)
        case call(CallSyntax)
        case element(ExpressionSyntax, index: ExpressionSyntax)
        /// A field of something that is not a plain name: `f(x).a`, `a[1].b`.
        case field(ExpressionSyntax, Identifier)
        case array([ExpressionSyntax])
        /// `(a, b)`, `ROW(a, b)`
        case row([ExpressionSyntax])
        case exists(QuerySyntax)
        case subquery(QuerySyntax)
        /// `ARRAY(SELECT …)`
        case arrayQuery(QuerySyntax)
        case atTimeZone(ExpressionSyntax, zone: ExpressionSyntax)
        /// `value COLLATE "C"`; the only collation there is, under one of its names.
        case collated(ExpressionSyntax, QualifiedName)
    }

    package let kind: Kind
    /// An operator's is that of its sign.
    package let position: TextPosition
    /// Levels below and including this one; the parser keeps it under `SQLSyntaxLimits.depth`.
    package let height: Int

    /// `queryHeight` is that of the tallest expression in a query inside.
    package init(_ kind: Kind, at position: TextPosition = .start, queryHeight: Int = 0) {
        self.kind = kind
        self.position = position
        height = 1 + max(queryHeight, kind.children.map(\.height).max() ?? 0)
    }

    /// The expressions directly inside; not those of subqueries and of OVER.
    package var children: [ExpressionSyntax] { kind.children }
}

extension ExpressionSyntax {
    /// `x -> x + 1`, `(x, y) -> x + y`: what DuckDB and Spark read as a function. Behind a name of a column, `x -> 'a'` is a
    /// step into JSON.
    package var isLambda: Bool {
        guard case .binary(let sign, let sides) = kind, sides.count == 2 else { return false }
        // `x -> x > 1` reads as `(x -> x) > 1`.
        if sign != .jsonGet { return sides[0].isLambda }
        switch (sides[0].kind, sides[1].kind) {
        case (.name(let name), .name(let other)): return name.description == other.description
        case (.row(let names), _): return names.allSatisfy { if case .name = $0.kind { true } else { false } }
        case (.name(let name), .binary(_, _)), (.name(let name), .call(_)), (.name(let name), .caseWhen(_)):
            return name.parts.count == 1
        default: return false
        }
    }
}

extension ExpressionSyntax.Kind {
    fileprivate var children: [ExpressionSyntax] {
        switch self {
        case .literal, .name, .parameter, .exists, .subquery, .arrayQuery: []
        case .star(let star): star.replaced.map(\.value)
        case .unary(_, let operand): [operand]
        case .binary(_, let operands): operands
        case .chain(let first, let links): [first] + links.map(\.operand)
        case .isTest(let value, _, _): [value]
        case .isDistinct(let left, let right, _): [left, right]
        case .between(let value, let low, let high, _): [value, low, high]
        case .inList(let value, let elements, _): [value] + elements
        case .inQuery(let value, _, _): [value]
        case .quantified(let quantified): [quantified.value]
        case .quantifiedList(let value, _, _, let list): [value, list]
        case .like(let like): [like.value, like.pattern] + (like.escape.map { [$0] } ?? [])
        case .caseWhen(let syntax):
            (syntax.operand.map { [$0] } ?? []) + syntax.branches.flatMap { [$0.when, $0.then] }
                + (syntax.otherwise.map { [$0] } ?? [])
        case .cast(let value, _, _): [value]
        case .call(let call):
            call.arguments + call.order.map(\.value) + call.withinGroup.map(\.value)
                + (call.filter.map { [$0] } ?? [])
        case .element(let list, let index): [list, index]
        case .field(let value, _): [value]
        case .array(let elements), .row(let elements): elements
        case .atTimeZone(let value, let zone): [value, zone]
        case .collated(let value, _): [value]
        }
    }
}

/// A constant as written.
package enum LiteralSyntax: Sendable, Hashable {
    case null
    case boolean(Bool)
    /// Digits as written: `1`, `1.50`, `1e3`.
    case number(String)
    case string(String)
    case bytes([UInt8])
    /// `DATE '2026-01-31'`, `TIMESTAMP '…'`
    case typed(TypeSyntax, String)
    /// `INTERVAL '7 days'`, `INTERVAL '1.5' HOUR`, `INTERVAL '1-2' YEAR TO MONTH`: the units in lower case, one or two.
    case interval(String, units: [String])
}

/// An operator of a chain with what stands behind it.
package struct ChainLinkSyntax: Sendable, Hashable {
    package var sign: BinaryOperator
    package var operand: ExpressionSyntax
    /// The sign's.
    package var position: TextPosition
}

/// What IS asks for.
package enum TruthTest: String, Sendable, Hashable {
    case null = "NULL"
    case `true` = "TRUE"
    case `false` = "FALSE"
    case unknown = "UNKNOWN"
}

/// `$1`, `?` or `:name`
package enum ParameterSyntax: Sendable, Hashable {
    /// Counts from one; question marks are numbered over the whole statement.
    case index(Int)
    case named(String)
}

/// `value > ANY (query)`, `value <> ALL (query)`
package struct QuantifiedSyntax: Sendable, Hashable {
    package var value: ExpressionSyntax
    package var comparison: BinaryOperator
    package var isAll: Bool
    package var query: QuerySyntax
}

/// `value [NOT] LIKE pattern [ESCAPE escape]`, and its sisters.
package struct LikeSyntax: Sendable, Hashable {
    package enum Style: String, Sendable, Hashable {
        case like = "LIKE"
        case ilike = "ILIKE"
        case similar = "SIMILAR TO"
    }

    package var value: ExpressionSyntax
    package var pattern: ExpressionSyntax
    package var escape: ExpressionSyntax?
    package var style: Style
    package var isNegated: Bool
}

/// `CASE [operand] WHEN … THEN … [ELSE …] END`
package struct CaseSyntax: Sendable, Hashable {
    package struct Branch: Sendable, Hashable {
        package var when: ExpressionSyntax
        package var then: ExpressionSyntax
    }

    package var operand: ExpressionSyntax?
    /// Never empty.
    package var branches: [Branch]
    package var otherwise: ExpressionSyntax?
}

/// `*` with the columns it leaves out, replaces or renames.
package struct StarSyntax: Sendable, Hashable {
    package struct Replacement: Sendable, Hashable {
        package var value: ExpressionSyntax
        package var name: Identifier
    }
    package struct Renaming: Sendable, Hashable {
        package var from: Identifier
        package var to: Identifier
    }

    package var qualifier: QualifiedName?
    package var excluded: [Identifier] = []
    package var replaced: [Replacement] = []
    package var renamed: [Renaming] = []

    /// A star alone.
    package var isPlain: Bool { self == StarSyntax() }
}
