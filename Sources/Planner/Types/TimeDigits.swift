import Columnar
import Kernels
import Plans
import SQLSyntax

/// `timestamp(3)`, `time(0)`: how many digits behind the seconds a CAST or a literal rounds to. Columns of tables keep
/// microseconds whatever their type's name says.
enum TimeDigits {
    /// The value, of the type, with no more digits than the type's name says.
    static func rounded(_ value: Expression, to type: TypeSyntax) throws(PlannerError) -> Expression {
        guard case .named(_, let arguments, _) = type else {
            try refuseInside(type)
            return value
        }
        guard isRounding(type), value.literalValue != .null else { return value }
        return .call(.timeRound, [value, .literal(.int(Int32(arguments[0])), .int)], value.type)
    }

    private static func isRounding(_ type: TypeSyntax) -> Bool {
        guard case .named(let name, let arguments, _) = type, let digits = arguments.first, digits < 6 else {
            return false
        }
        return ["timestamp", "timestamp with time zone", "timestamptz", "time"].contains(name)
    }

    /// Nothing rounds what lies inside lists, maps and structs.
    private static func refuseInside(_ type: TypeSyntax) throws(PlannerError) {
        switch type {
        case .list(let element): try refuseInside(element)
        case .map(let key, let value):
            try refuseInside(key)
            try refuseInside(value)
        case .structure(let fields): for field in fields { try refuseInside(field.type) }
        case .named(_, _, let position):
            if isRounding(type) {
                throw .unsupported(
                    "rounding of times inside another type", at: position, hint: "leave the digits out")
            }
        }
    }
}
