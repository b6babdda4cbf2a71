import Columnar
import Kernels
import Plans
import SQLSyntax

/// Fields of structs and entries of maps by name.
enum FieldAccess {
    static func bind(_ value: Expression, _ field: Identifier) throws(PlannerError) -> Expression {
        switch value.type {
        case .structure(let fields):
            switch NameMatch.find(field.text, among: fields.map(\.name)) {
            case .found(let index):
                let name = Expression.literal(.string(fields[index].name), .string)
                return .call(.getField, [value, name], fields[index].type)
            case .ambiguous:
                throw PlannerError(
                    .ambiguousColumn, "several fields have this name", ["field": field.text],
                    at: field.position)
            case .missing:
                // A row's fields by PostgreSQL's names.
                if let index = FieldMatch.unnamedPlace(field.text, in: fields) {
                    return try bind(value, Identifier(fields[index].name, at: field.position))
                }
                throw PlannerError(
                    .unknownField, "the struct has no such field", ["field": field.text, "type": value.type],
                    at: field.position, hint: NameMatch.hint(field.text, among: fields.map(\.name)))
            }
        case .json:
            return .call(.jsonGet, [value, .literal(.string(field.text), .string)], .json)
        default:
            throw PlannerError(
                .typeMismatch, "only structs and JSON have fields",
                ["field": field.text, "type": value.type],
                at: field.position)
        }
    }
}
