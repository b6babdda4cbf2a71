import Columnar
import Plans
import SQLSyntax

/// COLLATE, which changes nothing: all texts sort by their bytes.
extension ExpressionBinder {
    mutating func bindCollated(
        _ syntax: ExpressionSyntax, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let value = try bind(syntax)
        try Self.requireCollatable(value, at: position)
        return value
    }

    /// - Errors: `typeMismatch` for what is no text.
    static func requireCollatable(_ value: Expression, at position: TextPosition) throws(PlannerError) {
        guard !value.type.isText, value.type != .null else { return }
        throw PlannerError(
            .typeMismatch, "COLLATE takes text, not \(value.type)", at: position,
            hint: "only texts have a collation; leave it out")
    }
}

extension ExpressionSyntax {
    /// The value before COLLATE; any other expression as it is.
    var uncollated: ExpressionSyntax {
        if case .collated(let value, _) = kind { value.uncollated } else { self }
    }
}
