import Columnar
import Kernels
import Plans
import SQLSyntax

/// Brings the arguments of a function into the types it takes.
struct ArgumentBinding {
    let coercion: Coercion
    let function: String

    /// - Errors: `typeMismatch`, `invalidLiteral`.
    func bind(
        _ arguments: [Expression], at positions: [TextPosition], kinds: [ParameterKind]
    ) throws(PlannerError) -> [Expression] {
        var result = arguments
        let common = kinds.indices.filter { kinds[$0] == .common }
        if !common.isEmpty {
            let (unified, _) = try coercion.unify(
                common.map { arguments[$0] }, at: common.map { positions[$0] }, for: function)
            for (place, value) in zip(common, unified) { result[place] = value }
        }
        for index in arguments.indices where kinds[index] != .common {
            result[index] = try one(arguments[index], kinds[index], at: positions[index])
        }
        return result
    }

    func result(_ rule: ResultRule, of arguments: [Expression], at position: TextPosition)
        throws(PlannerError) -> DataType
    {
        let types = arguments.map(\.type)
        switch rule {
        case .type(let type): return type
        case .argument(let index): return types[index]
        case .common: return types.last ?? .null
        case .digits(let keepsWhole): return RoundedType.result(of: arguments, keepsWhole: keepsWhole)
        case .rule(let compute):
            guard let type = compute(types) else {
                throw mismatch(types.map(\.description).joined(separator: ", "), at: position)
            }
            return type
        }
    }

    private func one(
        _ value: Expression, _ kind: ParameterKind, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let type = value.type
        switch kind {
        case .any, .common: return type == .null ? .null(.string) : value
        case .text: return try coercion.coerce(value, to: .string, at: position, for: function)
        case .anyAsText:
            return type == .string
                ? value : type == .null ? .null(.string) : .cast(value, to: .string, isTry: false)
        case .integer: return try coercion.coerce(value, to: .long, at: position, for: function)
        case .double: return try coercion.coerce(value, to: .double, at: position, for: function)
        case .boolean: return try coercion.coerce(value, to: .boolean, at: position, for: function)
        case .interval: return try coercion.coerce(value, to: .interval, at: position, for: function)
        case .date: return try coercion.coerce(value, to: .date, at: position, for: function)
        case .amount: return type == .interval ? value : try one(value, .number, at: position)
        case .number:
            if type == .null { return .null(.long) }
            if value.isTextLiteral {
                return try coercion.coerce(value, to: .double, at: position, for: function)
            }
            guard type.isNumeric else { throw mismatch("\(type)", at: position, wanted: "a number") }
            return value
        case .time:
            if value.isTextLiteral || type == .null {
                return try coercion.coerce(value, to: .timestamp, at: position, for: function)
            }
            guard type == .date || type == .time || type.isTimestamp else {
                throw mismatch("\(type)", at: position, wanted: "a date or time")
            }
            return value
        case .timestamp:
            if type.isTimestamp { return value }
            return try coercion.coerce(value, to: .timestamp, at: position, for: function)
        case .json:
            guard type.isText || type == .null else {
                throw mismatch("\(type)", at: position, wanted: "JSON")
            }
            return type == .null ? .null(.json) : value
        case .jsonStep:
            if type.isInteger { return type == .long ? value : .cast(value, to: .long, isTry: false) }
            return try coercion.coerce(value, to: .string, at: position, for: function)
        case .bytes:
            if type == .null { return .null(.string) }
            guard type.isText || type == .binary || type == .uuid || type.physical == .string else {
                throw mismatch("\(type)", at: position, wanted: "text or bytes")
            }
            return value
        case .list:
            if type == .null { return .null(.list(Field("element", .null))) }
            guard case .list = type else { throw mismatch("\(type)", at: position, wanted: "a list") }
            return value
        case .map:
            guard case .map = type else { throw mismatch("\(type)", at: position, wanted: "a map") }
            return value
        case .structure:
            guard case .structure = type else { throw mismatch("\(type)", at: position, wanted: "a struct") }
            return value
        }
    }

    private func mismatch(_ found: String, at position: TextPosition, wanted: String? = nil) -> PlannerError {
        PlannerError(
            .typeMismatch, "\(function) does not take \(found)", at: position,
            hint: wanted.map { "it takes \($0)" })
    }
}
