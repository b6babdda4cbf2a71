import Columnar
import Kernels
import Plans
import SQLSyntax

/// Types one operator over bound operands, as PostgreSQL does.
struct OperatorBinding {
    let context: BinderContext
    /// The operator's sign.
    let position: TextPosition
    /// The operands'.
    let positions: [TextPosition]

    private var coercion: Coercion { context.coercion }

    func compare(_ function: ScalarFunction, _ values: [Expression]) throws(PlannerError) -> Expression {
        let hasTypedSides = !values.contains { $0.isTextLiteral || $0.type == .null }
        if hasTypedSides, CommonType.of(values[0].type, values[1].type) == nil {
            throw PlannerError(
                .typeMismatch, "\(values[0].type) and \(values[1].type) cannot be compared", at: position,
                hint: CommonType.hint(values[0].type, values[1].type))
        }
        if values[0].type.outgrows(with: values[1].type) { return .call(function, values, .boolean) }
        let (unified, _) = try coercion.unify(values, at: positions, for: "operator \(function.name)")
        return .call(function, unified, .boolean)
    }

    func bind(_ binary: BinaryOperator, _ values: [Expression]) throws(PlannerError) -> Expression {
        switch binary {
        case .add: return try arithmetic(.add, values)
        case .subtract: return try arithmetic(.subtract, values)
        case .multiply: return try arithmetic(.multiply, values)
        case .divide: return try arithmetic(.divide, values)
        case .modulo: return try arithmetic(.modulo, values)
        case .power: return .call(.raise, try doubles(values, binary), .double)
        case .concatenate: return try concatenate(values)
        case .bitAnd: return try bits(.bitAnd, binary, values)
        case .bitOr: return try bits(.bitOr, binary, values)
        case .bitXor: return try bits(.bitXor, binary, values)
        case .shiftLeft: return try bits(.shiftLeft, binary, values)
        case .shiftRight: return try bits(.shiftRight, binary, values)
        case .matches, .notMatches, .matchesAnyCase, .notMatchesAnyCase: return try matches(binary, values)
        case .jsonGet, .jsonGetText:
            let (value, step) = (values[0].type, values[1].type)
            guard value.isText || value == .null, step.isText || step.isInteger || step == .null else {
                throw PlannerError(
                    .typeMismatch, "\(binary.rawValue) does not take \(value) and \(step)", at: position,
                    hint: "it takes JSON and a member's name or an element's place")
            }
            return try CallBinding(context: context).bind(
                binary == .jsonGet ? "json_get" : "json_as_text", values, at: positions,
                callPosition: position)
        case .jsonContains:
            return try CallBinding(context: context).bind(
                "json_contains", values, at: positions, callPosition: position)
        case .containsAll: return try lists("array_has_all", values, positions)
        case .containedBy: return try lists("array_has_all", values.reversed(), positions.reversed())
        case .overlaps: return try lists("array_has_any", values, positions)
        default: throw mismatch(binary.rawValue, values)
        }
    }

    /// Of lists beside an operator NULL elements are equal to nothing, as in PostgreSQL; the functions find them.
    private func lists(
        _ function: String, _ values: [Expression], _ positions: [TextPosition]
    ) throws(PlannerError) -> Expression {
        let found = try CallBinding(context: context).bind(
            function, values, at: positions, callPosition: position)
        guard case .call(let kernel, let lists, let type) = found else { return found }
        return .call(kernel, lists + [.true], type)
    }

    private func arithmetic(_ function: ScalarFunction, _ values: [Expression]) throws(PlannerError)
        -> Expression
    {
        var operands = values
        for index in operands.indices {
            operands[index] = try adapted(
                operands[index], beside: operands[1 - index], at: index, for: function)
        }
        // Times of unlike kinds meet; numbers of days are ints.
        let types = operands.map(\.type)
        if function == .subtract, types.allSatisfy({ $0 == .date || $0.isTimestamp }), types[0] != types[1] {
            operands = try coercion.unify(operands, at: positions, for: "operator -").0
        }
        for index in operands.indices where types[index] == .long && types[1 - index] == .date {
            operands[index] = .cast(operands[index], to: .int, isTry: false)
        }
        guard let result = ArithmeticTypes.result(function, operands[0].type, operands[1].type) else {
            throw mismatch(function.name, values)
        }
        if result.isNumeric, !result.isDecimal, operands.allSatisfy({ $0.type.isNumeric }) {
            operands = operands.map { $0.type == result ? $0 : converted($0, to: result) }
        }
        if result == .interval {
            operands = operands.map {
                $0.type.isNumeric && $0.type != .double ? converted($0, to: .double) : $0
            }
        }
        return .call(function, operands, result)
    }

    /// A NULL or a literal in text takes its type from the other operand.
    private func adapted(
        _ value: Expression, beside other: Expression, at index: Int, for function: ScalarFunction
    ) throws(PlannerError) -> Expression {
        guard value.type == .null || value.isTextLiteral else { return value }
        var target = other.type
        if other.isTextLiteral || other.type == .null { target = .int }
        let isTemporal = target == .date || target == .time || target.isTimestamp
        if isTemporal, function == .add || value.type == .null { target = .interval }
        if target == .interval, function == .multiply || function == .divide { target = .double }
        return try coercion.coerce(value, to: target, at: positions[index], for: "operator \(function.name)")
    }

    private func converted(_ value: Expression, to type: DataType) -> Expression {
        value.type == .null ? .null(type) : .cast(value, to: type, isTry: false)
    }

    private func doubles(_ values: [Expression], _ binary: BinaryOperator) throws(PlannerError)
        -> [Expression]
    {
        var result: [Expression] = []
        for (value, place) in zip(values, positions) {
            result.append(
                try coercion.coerce(value, to: .double, at: place, for: "operator \(binary.rawValue)"))
        }
        return result
    }

    /// Text beside anything but bytes is text; a list takes a list or an element, as in PostgreSQL.
    private func concatenate(_ values: [Expression]) throws(PlannerError) -> Expression {
        if values.contains(where: { Self.isList($0) }) {
            var joined = values[0]
            for value in values.dropFirst() {
                let isElement = Self.isList(joined) && !Self.isList(value) && value.type != .null
                let isFirst = !Self.isList(joined) && joined.type != .null && Self.isList(value)
                joined = try CallBinding(context: context).bind(
                    isElement ? "array_append" : isFirst ? "array_prepend" : "array_concat", [joined, value],
                    at: [position, position], callPosition: position)
            }
            return joined
        }
        // Bytes join bytes, and literals are read as bytes beside them.
        if values.contains(where: { $0.type == .binary }),
            values.allSatisfy({ $0.type == .binary || $0.type == .null || $0.isTextLiteral })
        {
            var parts: [Expression] = []
            for (index, value) in values.enumerated() {
                let place = positions.indices.contains(index) ? positions[index] : position
                parts.append(try coercion.coerce(value, to: .binary, at: place, for: "operator ||"))
            }
            return .call(.concatOperator, parts, .binary)
        }
        guard values.contains(where: { $0.type.isText || $0.type == .null }),
            !values.contains(where: { $0.type.isNested })
        else { throw mismatch("||", values) }
        let texts = values.map { value -> Expression in
            if value.type == .string { return value }
            return value.type == .null ? .null(.string) : .cast(value, to: .string, isTry: false)
        }
        return .call(.concatOperator, texts, .string)
    }

    private static func isList(_ value: Expression) -> Bool {
        if case .list = value.type { true } else { false }
    }

    private func bits(
        _ function: ScalarFunction, _ binary: BinaryOperator, _ values: [Expression]
    ) throws(PlannerError) -> Expression {
        let (unified, type) = try coercion.unify(values, at: positions, for: "operator \(binary.rawValue)")
        if type == .null { return .null(.int) }
        guard type.isInteger else { throw mismatch(binary.rawValue, values) }
        return .call(function, unified, type)
    }

    private func matches(_ binary: BinaryOperator, _ values: [Expression]) throws(PlannerError) -> Expression
    {
        var arguments: [Expression] = []
        for (value, place) in zip(values, positions) {
            arguments.append(
                try coercion.coerce(value, to: .string, at: place, for: "operator \(binary.rawValue)"))
        }
        // In PostgreSQL's expressions `.` is any character, a line break too.
        let ignoresCase = binary == .matchesAnyCase || binary == .notMatchesAnyCase
        arguments.append(.literal(.string(ignoresCase ? "is" : "s"), .string))
        let match = Expression.call(.regexpLike, arguments, .boolean)
        let isNegated = binary == .notMatches || binary == .notMatchesAnyCase
        return isNegated ? .call(.not, [match], .boolean) : match
    }

    private func mismatch(_ sign: String, _ values: [Expression]) -> PlannerError {
        let types = values.map(\.type.description).joined(separator: " and ")
        return PlannerError(
            .typeMismatch, "operator \(sign) does not take \(types)", at: position,
            hint: "convert one with CAST")
    }
}
