package import Columnar
import Kernels

extension Expression: CustomStringConvertible {
    /// With `#0` for columns.
    package var description: String { text(over: nil) }

    /// As one would write it, with the names of `schema` for columns.
    package func text(over schema: Schema?) -> String {
        switch self {
        case .column(let index, _):
            if let schema, schema.fields.indices.contains(index) {
                return schema.fields[index].name
            }
            return "#\(index)"
        case .literal(let value, let type): return LiteralText.text(value, type)
        case .call(let function, let arguments, _): return Self.text(function, arguments, over: schema)
        case .located(let value, _): return value.text(over: schema)
        case .cast(let value, let type, let isTry):
            return "\(isTry ? "try_cast" : "cast")(\(value.text(over: schema)) as \(type))"
        case .chain(let first, let links):
            let shown = links.prefix(10).map {
                " \($0.function.name) \($0.operand.operandText(over: schema))"
            }
            let rest = links.count > 10 ? " … \(links.count - 10) more" : ""
            return first.operandText(over: schema) + shown.joined() + rest
        case .caseWhen(let branches, let otherwise, _):
            let whens = branches.map {
                " when \($0.condition.text(over: schema)) then \($0.value.text(over: schema))"
            }
            return "case" + whens.joined() + (otherwise.map { " else \($0.text(over: schema))" } ?? "")
                + " end"
        case .inList(let value, let elements, let isNegated):
            // A thousand ids in a plan help nobody.
            let shown = elements.prefix(10).map { LiteralText.text($0, value.type) }.joined(separator: ", ")
            let rest = elements.count > 10 ? ", … \(elements.count - 10) more" : ""
            return "\(value.operandText(over: schema)) \(isNegated ? "not in" : "in") (\(shown)\(rest))"
        }
    }

    private static func text(_ function: ScalarFunction, _ arguments: [Expression], over schema: Schema?)
        -> String
    {
        switch function {
        case .isNull, .isNotNull, .isTrue, .isNotTrue, .isFalse, .isNotFalse:
            return arguments.map { $0.operandText(over: schema) }.joined(separator: ", ") + " "
                + function.name
        case .not: return "not " + arguments.map { $0.operandText(over: schema) }.joined(separator: ", ")
        case .negate, .bitNot: return function.name + arguments.map { $0.operandText(over: schema) }.joined()
        case _ where function.isInfix && arguments.count > 1:
            return arguments.map { $0.operandText(over: schema) }.joined(separator: " \(function.name) ")
        default:
            return "\(function.name)(" + arguments.map { $0.text(over: schema) }.joined(separator: ", ") + ")"
        }
    }

    /// In parentheses when it is an operator itself.
    private func operandText(over schema: Schema?) -> String {
        let isOperator =
            switch unlocated {
            case .call(let function, _, _): function.isInfix || function == .not || function.isTest
            case .inList, .chain: true
            default: false
            }
        return isOperator ? "(\(text(over: schema)))" : text(over: schema)
    }
}

extension ScalarFunction {
    fileprivate var isTest: Bool {
        switch self {
        case .isNull, .isNotNull, .isTrue, .isNotTrue, .isFalse, .isNotFalse: true
        default: false
        }
    }

    /// Written between its arguments.
    fileprivate var isInfix: Bool {
        switch self {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .isDistinctFrom,
            .isNotDistinctFrom,
            .and, .or, .add, .subtract, .multiply, .divide, .modulo, .bitAnd, .bitOr, .bitXor, .shiftLeft,
            .shiftRight, .raise,
            .concatOperator, .like, .notLike, .ilike, .notILike, .similarTo:
            true
        default: false
        }
    }
}

extension SortKey {
    package func text(over schema: Schema?) -> String {
        let nulls = nullsFirst == isDescending ? "" : nullsFirst ? " nulls first" : " nulls last"
        return expression.text(over: schema) + (isDescending ? " desc" : "") + nulls
    }
}

extension AggregateCall {
    package func text(over schema: Schema?) -> String {
        var text = function.name
        if function != .countAll {
            let list = arguments.map { $0.text(over: schema) }.joined(separator: ", ")
            let ordering =
                order.isEmpty
                ? "" : " order by " + order.map { $0.text(over: schema) }.joined(separator: ", ")
            text += "(\(isDistinct ? "distinct " : "")\(list)\(ordering))"
        }
        if let filter { text += " filter (where \(filter.text(over: schema)))" }
        return text
    }
}
