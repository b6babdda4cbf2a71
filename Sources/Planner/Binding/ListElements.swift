import Columnar
import Kernels
import Plans
import SQLSyntax

/// Brings the elements of lists, and what is put among or looked for in them, into one type.
struct ListElements {
    let coercion: Coercion
    let function: String

    /// Places of lists and of elements among a function's arguments; nil where types need not meet.
    private static func places(_ function: ScalarFunction, _ count: Int) -> (lists: [Int], elements: [Int])? {
        switch function {
        case .arrayAppend, .arrayPosition, .arrayPositions, .arrayRemove, .arrayRemoveN, .arrayRemoveAll,
            .anyElement, .allElements:
            ([0], [1])
        case .arrayPrepend: ([1], [0])
        case .arrayReplace, .arrayReplaceN, .arrayReplaceAll: ([0], [1, 2])
        case .arrayResize where count > 2: ([0], [2])
        case .arrayConcat: (Array(0..<count), [])
        case .arrayHasAll, .arrayHasAny, .arrayIntersect, .arrayUnion, .arrayExcept: ([0, 1], [])
        default: nil
        }
    }

    /// - Errors: `typeMismatch` when the types do not meet.
    func unify(
        _ scalarFunction: ScalarFunction, _ arguments: [Expression], at positions: [TextPosition]
    ) throws(PlannerError) -> [Expression] {
        guard let (lists, elements) = Self.places(scalarFunction, arguments.count) else { return arguments }
        var common = DataType.null
        for place in lists {
            guard case .list(let element) = arguments[place].type else { return arguments }
            common = try meet(common, element.type, at: positions[place])
        }
        for place in elements where !arguments[place].bends {
            common = try meet(common, arguments[place].type, at: positions[place])
        }
        if common == .null { common = .string }
        var result = arguments
        for place in lists {
            result[place] = try coercion.coerce(
                arguments[place], to: .list(Field("element", common)), at: positions[place], for: function)
        }
        for place in elements {
            result[place] = try coercion.coerce(
                arguments[place], to: common, at: positions[place], for: function)
        }
        return result
    }

    private func meet(
        _ left: DataType, _ right: DataType, at position: TextPosition
    ) throws(PlannerError) -> DataType {
        guard let type = CommonType.of(left, right) else {
            throw PlannerError(
                .typeMismatch, "\(function) cannot bring \(left) and \(right) together", at: position)
        }
        return type
    }
}

extension Expression {
    /// A constant without a type of its own, which takes the one of the elements: text, or NULL.
    fileprivate var bends: Bool { isTextLiteral || literalValue == .null }
}
