import Columnar
import Kernels
import Plans
import SQLSyntax

/// Gives literals their types.
struct LiteralBinding {
    let coercion: Coercion

    func bind(_ literal: LiteralSyntax, at position: TextPosition) throws(PlannerError) -> Expression {
        switch literal {
        case .null: return .null(.null)
        case .boolean(let value): return .literal(.boolean(value), .boolean)
        case .number(let digits): return try number(digits, isNegative: false, at: position)
        case .string(let text): return .literal(.string(text), .string)
        case .bytes(let bytes): return .literal(.bytes(bytes), .binary)
        case .typed(let type, let text):
            let target = try TypeNames.type(type)
            let value = Expression.literal(.string(text), .string)
            if target == .string { return .cast(value, to: .string, isTry: false) }
            let typed = try coercion.coerce(value, to: target, at: position, for: "the literal")
            return try TimeDigits.rounded(typed, to: type)
        case .interval(let text, let units): return try interval(text, units, at: position)
        }
    }

    private func interval(
        _ text: String, _ names: [String], at position: TextPosition
    ) throws(PlannerError) -> Expression {
        guard let first = names.first else {
            return try coercion.coerce(
                .literal(.string(text), .string), to: .interval, at: position, for: "the literal")
        }
        let units = IntervalUnits(from: first, to: names.count > 1 ? names[1] : nil)
        guard let interval = IntervalParsing.interval(text, of: units) else {
            throw PlannerError(
                .invalidLiteral, "the literal cannot be read as an interval of its units",
                [
                    "literal": LiteralText.text(.string(text), .string),
                    "units": names.joined(separator: " to "),
                ], at: position,
                hint: "write it like INTERVAL '1-2' YEAR TO MONTH or INTERVAL '3 04:05:06' DAY TO SECOND")
        }
        return .literal(.interval(interval), .interval)
    }

    /// `1` is an int, or the smallest type that holds it; `1.5` a decimal of its digits; `1e3` a double.
    ///
    /// The sign comes along because the least long has no positive twin.
    func number(_ digits: String, isNegative: Bool, at position: TextPosition?) throws(PlannerError)
        -> Expression
    {
        let signed = (isNegative ? "-" : "") + digits
        if digits.contains("e") {
            guard let value = Double(signed), value.isFinite else {
                throw PlannerError(
                    .invalidLiteral, "the number is too large for a double", ["number": digits], at: position)
            }
            return .literal(.double(value), .double)
        }
        if let value = Int32(signed) { return .literal(.int(value), .int) }
        if let value = Int64(signed) { return .literal(.long(value), .long) }
        let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let whole = parts[0].drop { $0 == "0" }
        let fraction = parts.count > 1 ? parts[1] : ""
        let precision = max(1, whole.count + fraction.count)
        guard precision <= DataType.maximumPrecision,
            let unscaled = Int128((isNegative ? "-" : "") + "0" + whole + fraction)
        else { throw outOfRange(digits, at: position) }
        let type = DataType.decimal(precision: precision, scale: fraction.count)
        return .literal(type.physical == .int64 ? .long(Int64(unscaled)) : .int128(unscaled), type)
    }

    private func outOfRange(_ digits: String, at position: TextPosition?) -> PlannerError {
        PlannerError(
            .invalidLiteral, "the number has too many digits",
            ["number": digits, "limit": DataType.maximumPrecision],
            at: position)
    }
}
