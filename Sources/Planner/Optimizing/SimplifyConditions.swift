import Columnar
import Kernels
import Plans

/// Shortens AND, OR and NOT, and drops filters that are constant.
struct SimplifyConditions: NodePass {
    let name = "simplify_conditions"

    func rewritten(_ node: LogicalPlan) -> LogicalPlan {
        let node = node.mapExpressions { $0.rewritten(Self.simplify) }
        if case .join(let kind, let condition?, let left, let right) = node {
            return Self.join(kind, condition, left, right, node)
        }
        guard case .filter(let condition, let input) = node else { return node }
        switch condition.literalValue {
        case nil: return node
        case .boolean(true): return input
        // Neither false nor null lets a row pass.
        default: return .values(ValueRows(schema: input.schema, rows: []))
        }
    }

    private static func join(
        _ kind: JoinKind, _ condition: Expression, _ left: LogicalPlan, _ right: LogicalPlan,
        _ node: LogicalPlan
    ) -> LogicalPlan {
        switch condition.literalValue {
        case nil: node
        case .boolean(true): .join(kind, nil, left, right)
        // No pair passes; outer sides are padded all the same.
        default: kind == .inner ? .values(ValueRows(schema: node.schema, rows: [])) : node
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
        var seen = Set<Expression>()
        let all = terms.flatMap { flattened($0, function) }
        for term in function == .or ? membership(all) : all {
            if term.literalValue == .boolean(neutral) { continue }
            if term.literalValue == .boolean(!neutral) { return term }
            if term.isVolatile || seen.insert(term).inserted { kept.append(term) }
        }
        if kept.isEmpty { return .literal(.boolean(neutral), .boolean) }
        if function == .or, let factored = factored(kept) { return factored }
        return kept.count == 1 ? kept[0] : .call(function, kept, .boolean)
    }

    /// `(a AND b) OR (a AND c)` becomes `a AND (b OR c)`: an equality of two tables in every branch is a join's key.
    ///
    /// A term that may fault moves only from the front of all branches: further back, the terms before it keep rows from it.
    ///
    /// *Nulls*: three-valued logic is distributive.
    private static func factored(_ branches: [Expression]) -> Expression? {
        guard branches.count > 1 else { return nil }
        let terms = branches.map(\.conjuncts)
        let front = terms[0].indices.prefix { index in
            !terms[0][index].isVolatile
                && terms.allSatisfy { index < $0.count && $0[index] == terms[0][index] }
        }
        let common = terms[0].enumerated().filter { index, term in
            front.contains(index)
                || !term.isVolatile && term.neverFaults
                    && terms.dropFirst().allSatisfy { $0.contains(term) }
        }.map(\.element)
        guard !common.isEmpty else { return nil }
        let rest = terms.map { branch in branch.filter { !common.contains($0) } }
        // A branch that is nothing else lets all pass.
        if rest.contains(where: \.isEmpty) { return Expression.conjunction(common) }
        let others = rest.compactMap { Expression.conjunction($0) }
        return .call(.and, common + [combined(.or, others, neutral: false)], .boolean)
    }

    /// `a = 1 OR a = 2 OR b` becomes `a IN (1, 2) OR b`: one lookup instead of many comparisons.
    private static func membership(_ terms: [Expression]) -> [Expression] {
        var groups: [Expression: [Scalar]] = [:]
        for term in terms {
            if let (value, elements) = equality(term) { groups[value, default: []] += elements }
        }
        return terms.compactMap { term in
            guard let (value, _) = equality(term) else { return term }
            // The first of a group stands for all.
            guard let elements = groups.removeValue(forKey: value) else { return nil }
            if elements.count > 1 { return .inList(value, elements, isNegated: false) }
            return .call(.equal, [value, .literal(elements[0], value.type)], .boolean)
        }
    }

    /// The value and the constants a term compares it with, when it does only that.
    private static func equality(_ term: Expression) -> (Expression, [Scalar])? {
        if term.isVolatile { return nil }
        if case .inList(let value, let elements, false) = term, !elements.isEmpty { return (value, elements) }
        guard case .call(.equal, let sides, _) = term, !sides[0].type.isNested, sides[0].type == sides[1].type
        else {
            return nil
        }
        if let constant = sides[1].literalValue { return (sides[0], [constant]) }
        if let constant = sides[0].literalValue { return (sides[1], [constant]) }
        return nil
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
        if case .located(let inner, let place) = expression {
            return negated(inner).map { .located($0, place) }
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
