package import Columnar
package import Kernels

/// A typed computation over the columns of one batch; a value without handles, so that it travels.
///
/// Queries and pipelines run the same ones. Types are settled: arguments have been cast to what the function takes.
package indirect enum Expression: Sendable, Hashable {
    /// The input's column at a position.
    case column(Int, DataType)
    case literal(Scalar, DataType)
    case call(ScalarFunction, [Expression], DataType)
    /// A try-cast gives null where a cast faults.
    case cast(Expression, to: DataType, isTry: Bool)
    /// `a + b - c …`, from the left; never without a link. What nests deep is walked by recursion, and this is not deep.
    case chain(Expression, [ChainLink])
    /// The first branch whose condition is true (not null) wins; without one the answer is `otherwise`, else null.
    case caseWhen([CaseBranch], otherwise: Expression?, DataType)
    /// Whether the value is one of the elements, which have the value's type.
    ///
    /// *Nulls*: a null value gives null; without a match a null among the elements gives null.
    case inList(Expression, [Scalar], isNegated: Bool)
    /// The same value; a fault inside is reported at this place of the statement.
    case located(Expression, SourcePlace)
}

/// A function of the value so far and one more.
package struct ChainLink: Sendable, Hashable {
    package var function: ScalarFunction
    package var operand: Expression
    /// Of the value from here on.
    package var type: DataType
    package var place: SourcePlace

    package init(_ function: ScalarFunction, _ operand: Expression, _ type: DataType, at place: SourcePlace) {
        self.function = function
        self.operand = operand
        self.type = type
        self.place = place
    }
}

/// One WHEN of a CASE.
package struct CaseBranch: Sendable, Hashable {
    /// Boolean.
    package var condition: Expression
    package var value: Expression

    package init(condition: Expression, value: Expression) {
        self.condition = condition
        self.value = value
    }
}

extension Expression {
    package var type: DataType {
        switch self {
        case .column(_, let type), .literal(_, let type), .call(_, _, let type), .cast(_, let type, _),
            .caseWhen(_, _, let type):
            type
        case .inList: .boolean
        case .chain(let first, let links): links.last?.type ?? first.type
        case .located(let value, _): value.type
        }
    }

    package static let `true` = Expression.literal(.boolean(true), .boolean)
    package static let `false` = Expression.literal(.boolean(false), .boolean)
    package static func null(_ type: DataType) -> Expression { .literal(.null, type) }

    package var literalValue: Scalar? { if case .literal(let value, _) = self { value } else { nil } }

    /// Without the place around it.
    package var unlocated: Expression {
        if case .located(let value, _) = self { value.unlocated } else { self }
    }

    /// The expressions directly inside.
    package var children: [Expression] {
        switch self {
        case .column, .literal: []
        case .call(_, let arguments, _): arguments
        case .chain(let first, let links): [first] + links.map(\.operand)
        case .cast(let value, _, _): [value]
        case .caseWhen(let branches, let otherwise, _):
            branches.flatMap { [$0.condition, $0.value] } + (otherwise.map { [$0] } ?? [])
        case .inList(let value, _, _), .located(let value, _): [value]
        }
    }

    /// The same with other expressions inside, as many as `children` has, in its order.
    package func withChildren(_ replacements: [Expression]) -> Expression {
        precondition(replacements.count == children.count, "an expression takes as many children as it has")
        switch self {
        case .column, .literal: return self
        case .call(let function, _, let type): return .call(function, replacements, type)
        case .cast(_, let type, let isTry): return .cast(replacements[0], to: type, isTry: isTry)
        case .chain(_, var links):
            for index in links.indices { links[index].operand = replacements[index + 1] }
            return .chain(replacements[0], links)
        case .caseWhen(let branches, let otherwise, let type):
            let newBranches = branches.indices.map {
                CaseBranch(condition: replacements[2 * $0], value: replacements[2 * $0 + 1])
            }
            return .caseWhen(newBranches, otherwise: otherwise == nil ? nil : replacements.last, type)
        case .inList(_, let elements, let isNegated):
            return .inList(replacements[0], elements, isNegated: isNegated)
        case .located(_, let place): return .located(replacements[0], place)
        }
    }

    /// Rewrites bottom up: `body` sees each expression after those inside it.
    package func rewritten<Failure: Error>(
        _ body: (Expression) throws(Failure) -> Expression
    ) throws(Failure) -> Expression {
        var replacements: [Expression] = []
        for child in children { replacements.append(try child.rewritten(body)) }
        return try body(replacements.isEmpty ? self : withChildren(replacements))
    }

    /// Calls `body` for this and everything inside, outermost first.
    package func walk(_ body: (Expression) -> Void) {
        body(self)
        for child in children { child.walk(body) }
    }

    /// The positions of all columns read.
    package var columns: Set<Int> {
        var found = Set<Int>()
        walk { if case .column(let index, _) = $0 { found.insert(index) } }
        return found
    }

    /// The same over an input whose columns stand elsewhere.
    package func remapped(_ position: (Int) -> Int) -> Expression {
        rewritten { expression in
            if case .column(let index, let type) = expression {
                .column(position(index), type)
            } else {
                expression
            }
        }
    }

    /// True when it reads no column and calls nothing that changes from row to row.
    package var isConstant: Bool {
        switch self {
        case .column: false
        case .call(let function, _, _) where function.isVolatile: false
        case .chain(_, let links) where links.contains(where: \.function.isVolatile): false
        default: children.allSatisfy(\.isConstant)
        }
    }

    /// True when it may give another answer each time it is evaluated.
    package var isVolatile: Bool {
        if case .call(let function, _, _) = self, function.isVolatile { return true }
        return children.contains(where: \.isVolatile)
    }

    /// The terms of an AND, flattened; itself when it is none.
    package var conjuncts: [Expression] {
        if case .call(.and, let terms, _) = self { terms.flatMap(\.conjuncts) } else { [self] }
    }

    /// All terms joined by AND; nil without a term.
    package static func conjunction(_ terms: [Expression]) -> Expression? {
        terms.count > 1 ? .call(.and, terms, .boolean) : terms.first
    }
}
