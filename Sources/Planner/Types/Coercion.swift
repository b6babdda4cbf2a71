import Columnar
import Kernels
import Plans
import SQLSyntax

/// Gives expressions the type their place asks for, where PostgreSQL would do so without a CAST.
struct Coercion {
    let folding: ConstantFolding

    /// - Errors: `typeMismatch` with both types, `invalidLiteral`.
    func coerce(
        _ value: Expression, to target: DataType, at position: TextPosition,
        for place: @autoclosure () -> String
    ) throws(PlannerError) -> Expression {
        // Where text is wanted, a constant of that type is as good as a literal.
        if value.type == target { return value.writtenText ?? value }
        if value.literalValue == .null { return .null(target) }
        if let literal = try literal(value, as: target, at: position) { return literal }
        guard Self.isImplicit(value.type, to: target) else {
            throw PlannerError(
                .typeMismatch, "\(place()) takes \(target), not \(value.type)", at: position,
                hint: CommonType.canCast(value.type, to: target) ? "convert it: CAST(… AS \(target))" : nil)
        }
        let cast = Expression.cast(value, to: target, isTry: false)
        // Nobody wrote it, so nobody else says where a number stands that is too large for it.
        let isTotal = !target.isDecimal || value.type.fitsWholly(in: target)
        return isTotal ? cast : .located(cast, SourcePlace(position))
    }

    /// The common type of all, string literals bending to the others.
    ///
    /// - Errors: `typeMismatch`, `invalidLiteral`.
    func unify(
        _ values: [Expression], at positions: [TextPosition], for place: String
    ) throws(PlannerError) -> ([Expression], DataType) {
        var common = DataType.null
        for (value, position) in zip(values, positions) where !value.isTextLiteral {
            guard let next = CommonType.of(common, value.type) else {
                throw PlannerError(
                    .typeMismatch, "\(place) cannot bring \(common) and \(value.type) together", at: position,
                    hint: CommonType.hint(common, value.type))
            }
            common = next
        }
        if common == .null, values.contains(where: \.isTextLiteral) { common = .string }
        var result: [Expression] = []
        for (value, position) in zip(values, positions) {
            result.append(try coerce(value, to: common, at: position, for: place))
        }
        return (result, common)
    }

    /// A literal in text read as the target; a number literal converted exactly. Nil when it is no such literal.
    private func literal(
        _ value: Expression, as target: DataType, at position: TextPosition
    ) throws(PlannerError) -> Expression? {
        guard value.isTextLiteral, !target.isText, let scalar = value.literalValue else { return nil }
        do {
            return .literal(try folding.cast(scalar, from: .string, to: target), target)
        } catch {
            throw PlannerError(
                .invalidLiteral, "the literal cannot be read as \(target)",
                ["literal": LiteralText.text(scalar, .string)], at: position,
                hint: Self.example(of: target).map { "write it like \($0)" }, cause: error)
        }
    }

    private static func example(of type: DataType) -> String? {
        switch type {
        case .date: "'2026-01-31'"
        case .time: "'12:34:56'"
        case .timestamp, .timestampNanos: "'2026-01-31 12:34:56'"
        case .timestamptz, .timestamptzNanos: "'2026-01-31T12:34:56Z'"
        case .uuid: "'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'"
        case .boolean: "'true'"
        case .interval: "'1 day 2 hours'"
        default: nil
        }
    }

    /// Conversions that lose nothing, or that PostgreSQL does unasked.
    static func isImplicit(_ from: DataType, to target: DataType) -> Bool {
        if from == .null || from == target { return true }
        switch (from, target) {
        case (.int, .long), (.int, .double), (.int, .float), (.long, .double), (.float, .double),
            (.decimal, .double),
            (.long, .float):
            return true
        case (.int, .decimal), (.long, .decimal), (.decimal, .decimal): return true
        case (.date, let time): return time.isTimestamp
        case (.json, .string), (.string, .json): return true
        case (.fixed, .binary), (.uuid, .binary): return true
        case (.list(let element), .list(let other)): return isImplicit(element.type, to: other.type)
        case (.map(let key, let value), .map(let otherKey, let otherValue)):
            return isImplicit(key.type, to: otherKey.type) && isImplicit(value.type, to: otherValue.type)
        case (.structure(let fields), .structure(let others)):
            guard let match = FieldMatch(fields, to: others), match.isComplete else { return false }
            return match.allSatisfy { isImplicit($0, to: $1) }
        default: return from.isTimestamp && target.isTimestamp
        }
    }
}

extension Expression {
    /// A string constant, which takes the type of its place.
    var isTextLiteral: Bool {
        if case .literal(.string, .string) = self { true } else { false }
    }

    /// The literal inside of `'10'::text`, which takes no other type: it is a cast that changes nothing.
    var writtenText: Expression? {
        if case .cast(let literal, .string, _) = self, literal.isTextLiteral { literal } else { nil }
    }

    /// What a constant text says, with its type written or without.
    var constantText: String? {
        if case .string(let text)? = (writtenText ?? self).literalValue { text } else { nil }
    }
}
