/// Operators between two values, in PostgreSQL's order of precedence.
package enum BinaryOperator: String, Sendable, Hashable, CaseIterable {
    case or = "OR"
    case and = "AND"
    case equal = "="
    case notEqual = "<>"
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case matches = "~"
    case matchesAnyCase = "~*"
    case notMatches = "!~"
    case notMatchesAnyCase = "!~*"
    case concatenate = "||"
    case bitOr = "|"
    case bitAnd = "&"
    case bitXor = "#"
    case shiftLeft = "<<"
    case shiftRight = ">>"
    case jsonGet = "->"
    case jsonGetText = "->>"
    case jsonContains = "?"
    case containsAll = "@>"
    case containedBy = "<@"
    case overlaps = "&&"
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case modulo = "%"
    case power = "^"

    /// Binds tighter when higher.
    package var precedence: Int {
        switch self {
        case .or: Precedence.or
        case .and: Precedence.and
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: Precedence.comparison
        case .matches, .matchesAnyCase, .notMatches, .notMatchesAnyCase, .concatenate, .bitOr, .bitAnd,
            .bitXor,
            .shiftLeft, .shiftRight, .jsonGet, .jsonGetText, .jsonContains, .containsAll, .containedBy,
            .overlaps:
            Precedence.otherOperator
        case .add, .subtract: Precedence.sum
        case .multiply, .divide, .modulo: Precedence.product
        case .power: Precedence.power
        }
    }

    /// Chains of these are one node, so that a thousand terms do not nest a thousand deep.
    package var isChained: Bool { self == .and || self == .or || self == .concatenate }

    /// Chains of these, mixed by precedence, are one node when they are long.
    var isArithmetic: Bool { precedence == Precedence.sum || precedence == Precedence.product }

    init?(_ sign: Sign) {
        switch sign {
        case .doubleEqual: self = .equal
        case .bangEqual: self = .notEqual
        case .star: self = .multiply
        default:
            guard let known = BinaryOperator(rawValue: sign.rawValue) else { return nil }
            self = known
        }
    }
}

/// Operators before one value.
package enum UnaryOperator: String, Sendable, Hashable {
    case not = "NOT"
    case minus = "-"
    case plus = "+"
    case bitNot = "~"

    package var precedence: Int {
        switch self {
        case .not: Precedence.not
        // Looser than arithmetic, as every operator without a place of its own: `~1 + 1` is `~2`.
        case .bitNot: Precedence.otherOperator
        case .minus, .plus: Precedence.sign
        }
    }
}

/// How tight each form binds; one table for the parser and the printer.
///
/// Source: PostgreSQL, "Operator Precedence".
package enum Precedence {
    static let lowest = 0
    static let or = 1
    static let and = 2
    static let not = 3
    /// IS NULL, IS DISTINCT FROM
    static let isTest = 4
    static let comparison = 5
    /// BETWEEN, IN, LIKE
    static let range = 6
    static let otherOperator = 7
    static let sum = 8
    static let product = 9
    static let power = 10
    static let atTimeZone = 11
    static let sign = 12
    /// `[…]`, `::`, `.field`
    static let postfix = 13
    static let primary = 14
}
