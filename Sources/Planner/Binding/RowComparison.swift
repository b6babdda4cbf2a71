import Columnar
import Kernels
import Plans
import SQLSyntax

/// A side of a comparison: a value, or a row that is written out, `(a, b)`.
indirect enum RowOperand {
    case value(Expression, TextPosition)
    case row([RowOperand], TextPosition)

    var position: TextPosition {
        switch self {
        case .value(_, let position), .row(_, let position): position
        }
    }

    /// As one value.
    var expression: Expression {
        switch self {
        case .value(let value, _): return value
        case .row(let elements, _):
            let values = elements.map(\.expression)
            let fields = values.enumerated().map { Field("c\($0)", $1.type) }
            return .call(.structure, values, .structure(fields))
        }
    }
}

/// Compares rows that are written out element by element, so that a NULL in one makes the answer unknown.
///
/// Two structs are compared as values; in them NULL is the same as NULL.
///
/// Source: SQL:2016-2 8.2 <comparison predicate>; PostgreSQL 9.24.5.
struct RowComparison {
    /// Of all copies of one comparison together: `<` has each element twice.
    private static let sizeLimit = 10_000

    let context: BinderContext
    /// The operator's sign.
    let position: TextPosition

    func compare(
        _ function: ScalarFunction, _ left: RowOperand, _ right: RowOperand
    ) throws(PlannerError) -> Expression {
        guard case .row(let first, _) = left, case .row(let second, let place) = right else {
            return try OperatorBinding(
                context: context, position: position, positions: [left.position, right.position]
            ).compare(function, [left.expression, right.expression])
        }
        guard first.count == second.count else {
            throw PlannerError(
                .unlikeShape, "rows of unlike lengths cannot be compared",
                ["left": first.count, "right": second.count], at: place)
        }
        switch function {
        case .equal, .isNotDistinctFrom: return try every(.and, function, first, second)
        case .notEqual, .isDistinctFrom: return try every(.or, function, first, second)
        default: return try order(function, first, second)
        }
    }

    /// Of a row that is written out each element is tested: both tests are false where only some are NULL. A row in it
    /// is a value, which there is.
    ///
    /// Source: SQL:2016-2 8.8 <null predicate>; PostgreSQL 9.2.
    static func nullTest(_ operand: RowOperand, _ test: ScalarFunction) -> Expression {
        guard case .row(let elements, _) = operand, !elements.isEmpty else {
            return .call(test, [operand.expression], .boolean)
        }
        let terms = elements.map { Expression.call(test, [$0.expression], .boolean) }
        return terms.count == 1 ? terms[0] : .call(.and, terms, .boolean)
    }

    private func every(
        _ link: ScalarFunction, _ function: ScalarFunction, _ first: [RowOperand], _ second: [RowOperand]
    ) throws(PlannerError) -> Expression {
        var terms: [Expression] = []
        for (left, right) in zip(first, second) { terms.append(try compare(function, left, right)) }
        return terms.count == 1 ? terms[0] : .call(link, terms, .boolean)
    }

    /// The first elements that are not equal decide, and a NULL among them leaves it open.
    private func order(
        _ function: ScalarFunction, _ first: [RowOperand], _ second: [RowOperand]
    ) throws(PlannerError) -> Expression {
        let strict: ScalarFunction = function == .less || function == .lessOrEqual ? .less : .greater
        let last = first.count - 1
        var branches: [CaseBranch] = []
        for (left, right) in zip(first, second).prefix(last) {
            let same = try compare(.equal, left, right)
            branches.append(
                CaseBranch(
                    condition: .call(.isNotTrue, [same], .boolean), value: try compare(strict, left, right)))
        }
        let otherwise = try compare(function, first[last], second[last])
        if branches.isEmpty { return otherwise }
        let whole = Expression.caseWhen(branches, otherwise: otherwise, .boolean)
        guard whole.size <= Self.sizeLimit else {
            throw .unsupported(
                "a comparison of rows this large", at: position, hint: "compute the values in a subquery")
        }
        return whole
    }
}
