import Columnar
import Kernels
import Plans

/// Turns comparisons of a widened column with a constant into comparisons of the column itself.
///
///     cast(day as timestamp) >= timestamp '2026-01-01 12:00'   →   day >= date '2026-01-02'
///
/// Only where the constant, brought back and widened again, shows where it lies between two values of the column.
struct UnwrapCasts: NodePass {
    let name = "unwrap_casts"
    let folding: ConstantFolding

    func rewritten(_ node: LogicalPlan) -> LogicalPlan {
        node.mapExpressions { $0.rewritten(unwrap) }
    }

    private func unwrap(_ expression: Expression) -> Expression {
        switch expression {
        case .call(let function, let arguments, _) where Self.mirrored(function) != nil:
            if case .cast(let column, let wide, false) = arguments[0].unlocated,
                let value = arguments[1].literalValue
            {
                return comparison(function, column, wide, value) ?? expression
            }
            if case .cast(let column, let wide, false) = arguments[1].unlocated,
                let value = arguments[0].literalValue,
                let mirrored = Self.mirrored(function)
            {
                return comparison(mirrored, column, wide, value) ?? expression
            }
            return expression
        case .inList(let value, let elements, let isNegated):
            guard case .cast(let column, let wide, false) = value.unlocated, Self.isExact(column.type, wide)
            else { return expression }
            var narrow: [Scalar] = []
            for element in elements {
                guard !element.isNull else {
                    narrow.append(.null)
                    continue
                }
                guard let value = narrowed(element, from: wide, to: column.type) else { return expression }
                // A constant between two values equals none of them.
                if value.order == 0 { narrow.append(value.scalar) }
            }
            // An empty list would answer for nulls too.
            return narrow.isEmpty ? expression : .inList(column, narrow, isNegated: isNegated)
        default: return expression
        }
    }

    private func comparison(
        _ function: ScalarFunction, _ column: Expression, _ wide: DataType, _ value: Scalar
    ) -> Expression? {
        guard !value.isNull, Self.isExact(column.type, wide),
            let near = narrowed(value, from: wide, to: column.type)
        else { return nil }
        let literal = Expression.literal(near.scalar, column.type)
        let bound: ScalarFunction
        switch (function, near.order) {
        case (_, 0): bound = function
        // The constant lies just above the literal: what is greater than it is greater than the literal.
        case (.less, 1), (.lessOrEqual, 1): bound = .lessOrEqual
        case (.greater, 1), (.greaterOrEqual, 1): bound = .greater
        case (.less, -1), (.lessOrEqual, -1): bound = .less
        case (.greater, -1), (.greaterOrEqual, -1): bound = .greaterOrEqual
        default: return nil
        }
        switch bound {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
            return .call(bound, [column, literal], .boolean)
        default: return nil
        }
    }

    /// The value as the narrow type, and whether the constant lies above it (1), below (-1) or on it (0).
    private func narrowed(
        _ value: Scalar, from wide: DataType, to narrow: DataType
    ) -> (scalar: Scalar, order: Int)? {
        do throws(KernelError) {
            let scalar = try folding.cast(value, from: wide, to: narrow)
            let again = try folding.cast(scalar, from: narrow, to: wide)
            return (scalar, value.order(comparedTo: again).signum())
        } catch {
            return nil
        }
    }

    /// Widenings that keep every value apart and in order.
    private static func isExact(_ narrow: DataType, _ wide: DataType) -> Bool {
        switch (narrow, wide) {
        case (.int, .long), (.int, .double), (.float, .double), (.date, .timestamp), (.date, .timestamptz),
            (.timestamp, .timestamptz), (.timestamptz, .timestamp):
            return true
        case (.int, .decimal(let precision, let scale)): return precision - scale >= 10
        case (.long, .decimal(let precision, let scale)): return precision - scale >= 19
        case (.decimal(let precision, let scale), .decimal(let widePrecision, let wideScale)):
            return wideScale >= scale && widePrecision - wideScale >= precision - scale
        default: return false
        }
    }

    private static func mirrored(_ function: ScalarFunction) -> ScalarFunction? {
        switch function {
        case .equal, .notEqual: function
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        default: nil
        }
    }
}
