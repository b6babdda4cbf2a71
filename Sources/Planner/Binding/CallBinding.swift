import Columnar
import Kernels
import Plans
import SQLSyntax

/// Types a call of a function by the registry.
struct CallBinding {
    let context: BinderContext

    func bind(
        _ name: String, _ arguments: [Expression], at positions: [TextPosition], callPosition: TextPosition
    ) throws(PlannerError) -> Expression {
        if let special = try special(name.lowercased(), arguments, at: positions, callPosition: callPosition)
        {
            return special
        }
        guard let definition = FunctionRegistry.find(name) else {
            throw Self.unknown(name, at: callPosition)
        }
        let kinds = arguments.indices.compactMap { definition.kind(of: $0) }
        guard arguments.count >= definition.required.count, kinds.count == arguments.count else {
            throw wrongCount(name, takes: definition.acceptedCounts, given: arguments.count, at: callPosition)
        }
        // Both are only compared, and the first is what is given.
        if definition.function == .nullif, arguments[0].type.outgrows(with: arguments[1].type) {
            return .call(.nullif, arguments, arguments[0].type)
        }
        let binding = ArgumentBinding(coercion: context.coercion, function: name.lowercased())
        var bound = try binding.bind(arguments, at: positions, kinds: kinds)
        bound = try ListElements(coercion: context.coercion, function: name.lowercased())
            .unify(definition.function, bound, at: positions)
        if definition.function == .arrayHas { bound = try elementLike(bound, at: positions) }
        try TimeNameCheck.check(definition.function, bound, at: positions)
        let type = try binding.result(definition.result, of: bound, at: callPosition)
        if definition.function == .modulo, !type.isDecimal {
            bound = bound.map { $0.type == type ? $0 : .cast($0, to: type, isTry: false) }
        }
        return .call(definition.function, bound, type)
    }

    /// Before what stands in the parentheses: of `cuont(*)` the name is wrong, not the star.
    ///
    /// - Errors: `unknownFunction`.
    static func checkName(_ name: String, at position: TextPosition) throws(PlannerError) {
        guard FunctionRegistry.find(name) != nil || specials.contains(name.lowercased()) else {
            throw unknown(name, at: position)
        }
    }

    private static func unknown(_ name: String, at position: TextPosition) -> PlannerError {
        PlannerError(
            .unknownFunction, "there is no such function", ["function": name], at: position,
            hint: NameMatch.hint(name, among: FunctionRegistry.names + AggregateRegistry.names + specials))
    }

    /// - Errors: `typeMismatch` when no value could be converted, `invalidLiteral`.
    func cast(
        _ value: Expression, to target: DataType, isTry: Bool, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        if value.type == target {
            return value.isTextLiteral ? .cast(value, to: .string, isTry: false) : value
        }
        if value.literalValue == .null { return .null(target) }
        guard CommonType.canCast(value.type, to: target) else {
            throw PlannerError(.typeMismatch, "\(value.type) cannot be cast to \(target)", at: position)
        }
        if value.isTextLiteral, !isTry {
            return try context.coercion.coerce(value, to: target, at: position, for: "CAST")
        }
        return .cast(value, to: target, isTry: isTry)
    }

    private static let specials =
        [
            "if", "date_part", "datepart", "extract", "arrow_cast", "get_field", "struct_extract", "struct",
            "named_struct",
        ] + dateParts.keys.sorted()

    /// `year(time)` is `extract(year FROM time)`.
    private static let dateParts = [
        "year": "year", "quarter": "quarter", "month": "month", "week": "week", "weekofyear": "week",
        "day": "day",
        "dayofmonth": "day", "dayofweek": "dow", "isodow": "isodow", "dayofyear": "doy", "hour": "hour",
        "minute": "minute", "second": "second", "epoch": "epoch",
    ]

    /// Calls whose type hangs on values, or that are another form in disguise.
    private func special(
        _ name: String, _ arguments: [Expression], at positions: [TextPosition], callPosition: TextPosition
    ) throws(PlannerError) -> Expression? {
        switch name {
        case "if":
            guard arguments.count == 3 else {
                throw wrongCount(name, takes: "3", given: arguments.count, at: callPosition)
            }
            let condition = try context.coercion.coerce(
                arguments[0], to: .boolean, at: positions[0], for: "if")
            let (values, type) = try context.coercion.unify(
                Array(arguments[1...]), at: Array(positions[1...]), for: "if")
            return .caseWhen([CaseBranch(condition: condition, value: values[0])], otherwise: values[1], type)
        case _ where Self.dateParts[name] != nil && arguments.count == 1:
            let part = Expression.literal(.string(Self.dateParts[name] ?? name), .string)
            return try datePart([part] + arguments, at: [callPosition] + positions)
        // As in DuckDB: of a list its elements, of a text its characters.
        case "len" where arguments.count == 1 && Self.isList(arguments[0]):
            return try bind("array_length", arguments, at: positions, callPosition: callPosition)
        case "range", "generate_series":
            return try timeSeries(name, arguments, at: positions, callPosition: callPosition)
        case "date_part", "datepart", "extract":
            guard arguments.count == 2 else {
                throw wrongCount(name, takes: "2", given: arguments.count, at: callPosition)
            }
            return try datePart(arguments, at: positions)
        case "arrow_cast":
            guard arguments.count == 2, let typeName = arguments[1].constantText else {
                throw PlannerError(
                    .typeMismatch, "arrow_cast takes a value and a type's name in quotes", at: callPosition)
            }
            let arrow = ArrowTypeNames.meaning(of: typeName)
            let syntax = TypeSyntax.named(typeName.lowercased(), arguments: [], position: positions[1])
            let target = if let arrow { arrow.type } else { try TypeNames.type(syntax) }
            var value = arguments[0]
            // Arrow cuts fractions off, where CAST rounds.
            if target.isInteger, value.type.isNumeric, !value.type.isInteger {
                value = .call(.trunc, [value], RoundedType.result(of: [value], keepsWhole: false))
            }
            let cast = try cast(value, to: target, isTry: false, at: callPosition)
            guard let unit = arrow?.unit else { return cast }
            return .call(.dateTruncate, [.literal(.string(unit), .string), cast], target)
        case "get_field", "struct_extract":
            guard arguments.count == 2, let field = arguments[1].constantText else {
                throw PlannerError(
                    .typeMismatch, "get_field takes a value and a field's name in quotes", at: callPosition)
            }
            if case .map(_, let value) = arguments[0].type {
                return .call(.getField, arguments, value.type)
            }
            return try FieldAccess.bind(arguments[0], Identifier(field, at: positions[1]))
        case "struct":
            let fields = arguments.enumerated().map { Field("c\($0)", $1.type) }
            return .call(.structure, arguments, .structure(fields))
        case "named_struct": return try namedStructure(arguments, at: positions, callPosition: callPosition)
        default:
            return try ByteCalls(binding: ArgumentBinding(coercion: context.coercion, function: name))
                .bind(name, arguments, at: positions)
        }
    }

    private static func isList(_ value: Expression) -> Bool {
        if case .list = value.type { true } else { false }
    }

    /// Whole parts are ints, as in DataFusion; the epoch is a double.
    private func datePart(
        _ arguments: [Expression], at positions: [TextPosition]
    ) throws(PlannerError) -> Expression {
        let binding = ArgumentBinding(coercion: context.coercion, function: "date_part")
        let isInterval = arguments[1].type == .interval
        let bound = try binding.bind(
            arguments, at: positions, kinds: [.text, isInterval ? .interval : .time])
        guard let part = bound[0].constantText else {
            return .call(.datePart, bound, .double)
        }
        let known = [
            "millennium", "century", "decade", "year", "isoyear", "quarter", "month", "week", "day", "hour",
            "minute", "second", "millisecond", "microsecond", "nanosecond", "dow", "doy", "isodow", "epoch",
        ]
        let lowered = part.lowercased()
        let singular = lowered.hasSuffix("s") ? String(lowered.dropLast()) : lowered
        guard known.contains(lowered) || known.contains(singular) else {
            throw PlannerError(
                .invalidLiteral, "a time has no such part", ["part": part], at: positions[0],
                hint: NameMatch.hint(lowered, among: known))
        }
        if lowered == "epoch" { return .call(.datePart, bound, .double) }
        let whole = Expression.call(.floor, [.call(.datePart, bound, .double)], .double)
        return .cast(whole, to: singular == "nanosecond" ? .long : .int, isTry: false)
    }

    private func namedStructure(
        _ arguments: [Expression], at positions: [TextPosition], callPosition: TextPosition
    ) throws(PlannerError) -> Expression {
        guard arguments.count % 2 == 0, !arguments.isEmpty else {
            throw wrongCount(
                "named_struct", takes: "names and values by turns", given: arguments.count, at: callPosition)
        }
        var fields: [Field] = []
        for index in stride(from: 0, to: arguments.count, by: 2) {
            guard let name = arguments[index].constantText else {
                throw PlannerError(
                    .typeMismatch, "the name of a field is a string in quotes", at: positions[index])
            }
            guard !fields.contains(where: { $0.name == name }) else {
                throw PlannerError(
                    .unlikeShape, "a struct has two fields of one name", ["field": "\(Identifier(name))"],
                    at: positions[index])
            }
            fields.append(Field(name, arguments[index + 1].type))
        }
        return .call(.namedStructure, arguments, .structure(fields))
    }

    /// Gives the element sought the list's element type.
    private func elementLike(
        _ arguments: [Expression], at positions: [TextPosition]
    ) throws(PlannerError) -> [Expression] {
        guard case .list(let element) = arguments[0].type else { return arguments }
        let sought = try context.coercion.coerce(
            arguments[1], to: element.type, at: positions[1], for: "the list's element")
        return [arguments[0], sought]
    }

    private func wrongCount(_ name: String, takes: String, given: Int, at position: TextPosition)
        -> PlannerError
    {
        PlannerError(
            .wrongArgumentCount, "\(name.lowercased()) takes another number of arguments",
            ["takes": takes, "given": given], at: position)
    }
}
