import Columnar
import Kernels
import Plans
import SQLSyntax

/// Values on their way into a table's columns.
extension Coercion {
    /// The value as the column takes it: what PostgreSQL calls an assignment cast.
    ///
    /// Numbers go into any number column (one that does not fit is an error when the row comes), every plain type into
    /// text, a text literal into whatever it can be read as; a text column goes nowhere else without a CAST. Fields of structs
    /// go by their names; one that the value lacks becomes NULL, unless it takes none or has its id among `defaulted`: those
    /// have a default, which a cast does not know.
    ///
    /// - Errors: `typeMismatch` with both types, `invalidLiteral`.
    func assign(
        _ value: Expression, to field: Field, defaulted: Set<Int>, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        if Self.isAssignable(value.type, to: field.type, defaulted), !value.isTextLiteral,
            value.literalValue != .null
        {
            return value.type == field.type ? value : .cast(value, to: field.type, isTry: false)
        }
        if let lacking = Self.lacking(value.type, of: field.type) {
            throw PlannerError(
                .typeMismatch, "the value lacks a field of the column that takes no NULL",
                ["column": "\(Identifier(field.name))", "field": lacking], at: position)
        }
        return try coerce(value, to: field.type, at: position, for: "the column \(Identifier(field.name))")
    }

    /// The path of a field that takes no NULL and is not there; nil when there is none, or the types differ otherwise.
    private static func lacking(_ from: DataType, of target: DataType) -> String? {
        switch (from, target) {
        case (.list(let from), .list(let to)): return lacking(from.type, of: to.type)
        case (.map(_, let from), .map(_, let to)): return lacking(from.type, of: to.type)
        case (.structure(let from), .structure(let to)):
            guard let match = FieldMatch(from, to: to) else { return nil }
            if let missing = match.missing.first(where: \.isRequired) { return "\(Identifier(missing.name))" }
            for (field, place) in zip(to, match.places) {
                guard let place, let inner = lacking(from[place].type, of: field.type) else { continue }
                return "\(Identifier(field.name)).\(inner)"
            }
            return nil
        default: return nil
        }
    }

    private static func isAssignable(_ from: DataType, to target: DataType, _ defaulted: Set<Int>) -> Bool {
        switch (from, target) {
        case (.list(let from), .list(let to)): return isAssignable(from.type, to: to.type, defaulted)
        case (.map(let fromKey, let fromValue), .map(let toKey, let toValue)):
            return isAssignable(fromKey.type, to: toKey.type, defaulted)
                && isAssignable(fromValue.type, to: toValue.type, defaulted)
        case (.structure(let from), .structure(let to)):
            guard let match = FieldMatch(from, to: to) else { return false }
            return match.missing.allSatisfy { !$0.isRequired && !($0.id.map(defaulted.contains) ?? false) }
                && match.allSatisfy { isAssignable($0, to: $1, defaulted) }
        case (let from, let to) where from.isNested || to.isNested: return from == .null
        case (let from, .string): return from != .binary
        case (let from, .date): return from == .date || from.isTimestamp
        default: return from.isNumeric && target.isNumeric || isImplicit(from, to: target)
        }
    }
}
