import Columnar
import Kernels
import Plans
import SQLSyntax

/// Comparisons of values and of rows that are written out.
extension ExpressionBinder {
    /// Of all copies of one value together.
    static let copiedSizeLimit = 10_000

    mutating func compare(
        _ function: ScalarFunction, _ left: ExpressionSyntax, _ right: ExpressionSyntax,
        at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let sides = (try operand(left, beside: right), try operand(right, beside: left))
        return try RowComparison(context: context, position: position).compare(function, sides.0, sides.1)
    }

    /// Rows stay rows; a subquery of several columns is one where it stands beside a row.
    mutating func operand(
        _ syntax: ExpressionSyntax, beside other: ExpressionSyntax? = nil
    ) throws(PlannerError) -> RowOperand {
        switch (syntax.kind, other?.kind) {
        case (.row(let elements), _):
            var operands: [RowOperand] = []
            for element in elements { operands.append(try operand(element)) }
            return .row(operands, syntax.position)
        case (.subquery(let query), .row): return try bindRow(query, at: syntax.position)
        default: return .value(try bind(syntax), syntax.position)
        }
    }

    mutating func bindBetween(
        _ syntax: ExpressionSyntax, _ low: ExpressionSyntax, _ high: ExpressionSyntax, _ isNegated: Bool,
        at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let value = try bindCopied(syntax, times: 2)
        let comparison = RowComparison(context: context, position: position)
        let lower = try comparison.compare(isNegated ? .less : .greaterOrEqual, value, try operand(low))
        let upper = try comparison.compare(isNegated ? .greater : .lessOrEqual, value, try operand(high))
        return .call(isNegated ? .or : .and, [lower, upper], .boolean)
    }

    /// A value that the expression will have several times: nested, such forms multiply.
    mutating func bindCopied(
        _ syntax: ExpressionSyntax, times: Int
    ) throws(PlannerError) -> RowOperand {
        let value = try operand(syntax)
        let (size, isOverflow) = value.expression.size.multipliedReportingOverflow(by: times)
        guard !isOverflow, size <= Self.copiedSizeLimit || times == 1 else {
            throw .unsupported(
                "a value this large before BETWEEN, IN or in CASE … WHEN", at: syntax.position,
                hint: "compute it in a subquery")
        }
        return value
    }

    mutating func bindList(
        _ value: ExpressionSyntax, _ elements: [ExpressionSyntax], _ isNegated: Bool,
        at position: TextPosition
    ) throws(PlannerError) -> Expression {
        if value.isRow, elements.contains(where: \.isRow) {
            return try bindRows(value, elements, isNegated, at: position)
        }
        let all = try bindAll([value] + elements)
        let positions = [value.position] + elements.map(\.position)
        if Self.outgrow(all) { return try bindOneByOne(all, isNegated, at: positions) }
        let (unified, type) = try coercion.unify(all, at: positions, for: "IN")
        var scalars: [Scalar] = []
        for (element, elementPosition) in zip(unified, positions).dropFirst() {
            do {
                guard let scalar = try context.folding.value(of: element) else { break }
                scalars.append(scalar)
            } catch {
                throw .constant(error, at: elementPosition)
            }
        }
        if scalars.count == elements.count, !type.isNested {
            return .inList(unified[0], scalars, isNegated: isNegated)
        }
        let (size, isOverflow) = unified[0].size.multipliedReportingOverflow(by: elements.count)
        guard elements.count == 1 || !isOverflow && size <= Self.copiedSizeLimit else {
            throw .unsupported(
                "a value this large before IN", at: value.position, hint: "compute it in a subquery")
        }
        let tests = unified.dropFirst().map {
            Expression.call(isNegated ? .notEqual : .equal, [unified[0], $0], .boolean)
        }
        return tests.count == 1 ? tests[0] : .call(isNegated ? .and : .or, tests, .boolean)
    }

    /// Whether no decimal holds all of these numbers.
    private static func outgrow(_ values: [Expression]) -> Bool {
        let exact = values.map(\.type).filter { $0.isInteger || $0.isDecimal }
        guard let widest = exact.max(by: { $0.wholeDigits < $1.wholeDigits }),
            let finest = exact.max(by: { $0.decimalShape.scale < $1.decimalShape.scale })
        else { return false }
        return widest.outgrows(with: finest)
    }

    private func bindOneByOne(
        _ values: [Expression], _ isNegated: Bool, at positions: [TextPosition]
    ) throws(PlannerError) -> Expression {
        let (size, isOverflow) = values[0].size.multipliedReportingOverflow(by: values.count - 1)
        guard values.count == 2 || !isOverflow && size <= Self.copiedSizeLimit else {
            throw .unsupported(
                "a value this large before IN", at: positions[0], hint: "compute it in a subquery")
        }
        var tests: [Expression] = []
        for (element, position) in zip(values, positions).dropFirst() {
            tests.append(
                try OperatorBinding(
                    context: context, position: position, positions: [positions[0], position]
                )
                .compare(isNegated ? .notEqual : .equal, [values[0], element]))
        }
        return tests.count == 1 ? tests[0] : .call(isNegated ? .and : .or, tests, .boolean)
    }

    /// `(a, b) IN ((1, 2), (3, 4))`
    private mutating func bindRows(
        _ value: ExpressionSyntax, _ elements: [ExpressionSyntax], _ isNegated: Bool,
        at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let sought = try bindCopied(value, times: elements.count)
        let comparison = RowComparison(context: context, position: position)
        var tests: [Expression] = []
        for element in elements {
            tests.append(
                try comparison.compare(isNegated ? .notEqual : .equal, sought, try operand(element)))
        }
        return tests.count == 1 ? tests[0] : .call(isNegated ? .and : .or, tests, .boolean)
    }
}

extension DataType {
    fileprivate var wholeDigits: Int { decimalShape.precision - decimalShape.scale }
}

extension ExpressionSyntax {
    fileprivate var isRow: Bool { if case .row = kind { true } else { false } }
}
