import Columnar
import Plans
import SQLSyntax

/// Values on their way into a table's columns.
extension Coercion {
    /// The value as the column takes it: what PostgreSQL calls an assignment cast.
    ///
    /// Numbers go into any number column (one that does not fit is an error when the row comes), every plain type into
    /// text, a text literal into whatever it can be read as; a text column goes nowhere else without a CAST.
    ///
    /// - Errors: `typeMismatch` with both types, `invalidLiteral`.
    func assign(
        _ value: Expression, to field: Field, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        if Self.isAssignable(value.type, to: field.type), !value.isTextLiteral, value.literalValue != .null {
            return value.type == field.type ? value : .cast(value, to: field.type, isTry: false)
        }
        return try coerce(value, to: field.type, at: position, for: "the column \(Identifier(field.name))")
    }

    private static func isAssignable(_ from: DataType, to target: DataType) -> Bool {
        switch (from, target) {
        case (.list(let from), .list(let to)): return isAssignable(from.type, to: to.type)
        case (.map(let fromKey, let fromValue), .map(let toKey, let toValue)):
            return isAssignable(fromKey.type, to: toKey.type)
                && isAssignable(fromValue.type, to: toValue.type)
        case (.structure(let from), .structure(let to)):
            return from.count == to.count
                && zip(from, to).allSatisfy {
                    $0.name.lowercased() == $1.name.lowercased() && isAssignable($0.type, to: $1.type)
                }
        case (let from, let to) where from.isNested || to.isNested: return from == .null
        case (let from, .string): return from != .binary
        case (let from, .date): return from == .date || from.isTimestamp
        default: return from.isNumeric && target.isNumeric || isImplicit(from, to: target)
        }
    }
}
