import Columnar
import Kernels
import Plans

/// Shortens AND, OR and NOT, and drops filters that are constant.
struct SimplifyConditions: OptimizerPass {
    let name = "simplify_conditions"

    func run(_ plan: LogicalPlan) throws(PlannerError) -> LogicalPlan {
        plan.rewritten { node in
            let node = node.mapExpressions { $0.rewritten(Self.simplify) }
            guard case .filter(let condition, let input) = node else { return node }
            switch condition.literalValue {
            case nil: return node
            case .boolean(true): return input
            // Neither false nor null lets a row pass.
            default: return .values(ValueRows(schema: input.schema, rows: []))
            }
        }
    }

    static func simplify(_ expression: Expression) -> Expression {
        switch expression {
        case .call(.and, let terms, _): combined(.and, terms, neutral: true)
        case .call(.or, let terms, _): combined(.or, terms, neutral: false)
        case .call(.not, let arguments, _): negated(arguments[0]) ?? expression
        default: expression
        }
    }

    /// Drops neutral terms and repeated ones, flattens, and stops at an absorbing one.
    private static func combined(_ function: ScalarFunction, _ terms: [Expression], neutral: Bool)
        -> Expression
    {
        var kept: [Expression] = []
        for term in terms.flatMap({ flattened($0, function) }) {
            if term.literalValue == .boolean(neutral) { continue }
            if term.literalValue == .boolean(!neutral) { return term }
            if term.isVolatile || !kept.contains(term) { kept.append(term) }
        }
        if kept.isEmpty { return .literal(.boolean(neutral), .boolean) }
        return kept.count == 1 ? kept[0] : .call(function, kept, .boolean)
    }

    private static func flattened(_ term: Expression, _ function: ScalarFunction) -> [Expression] {
        if case .call(function, let terms, _) = term {
            terms.flatMap { flattened($0, function) }
        } else {
            [term]
        }
    }

    /// The opposite as one operation, where there is one; three-valued logic holds for all of these.
    private static func negated(_ expression: Expression) -> Expression? {
        if case .inList(let value, let elements, let isNegated) = expression {
            return .inList(value, elements, isNegated: !isNegated)
        }
        guard case .call(let function, let arguments, let type) = expression else { return nil }
        let opposite: ScalarFunction? =
            switch function {
            case .equal: .notEqual
            case .notEqual: .equal
            case .less: .greaterOrEqual
            case .lessOrEqual: .greater
            case .greater: .lessOrEqual
            case .greaterOrEqual: .less
            case .isNull: .isNotNull
            case .isNotNull: .isNull
            case .isTrue: .isNotTrue
            case .isNotTrue: .isTrue
            case .isFalse: .isNotFalse
            case .isNotFalse: .isFalse
            case .isDistinctFrom: .isNotDistinctFrom
            case .isNotDistinctFrom: .isDistinctFrom
            case .like: .notLike
            case .notLike: .like
            case .ilike: .notILike
            case .notILike: .ilike
            default: nil
            }
        if function == .not { return arguments[0] }
        return opposite.map { .call($0, arguments, type) }
    }
}
