import Columnar
import Kernels
import Plans
import SQLSyntax

/// Operators and the forms of SQL that are operators in words.
extension ExpressionBinder {
    /// Of all copies of one value together.
    private static let copiedSizeLimit = 10_000

    mutating func bind(
        _ unary: UnaryOperator, _ operand: ExpressionSyntax, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        if unary == .minus, case .literal(.number(let digits)) = operand.kind {
            return try LiteralBinding(coercion: coercion).number(digits, isNegative: true, at: position)
        }
        if unary == .not { return .call(.not, [try bindCondition(operand, for: "NOT")], .boolean) }
        let value = try bind(operand)
        if value.type == .null { return value }
        let isFitting =
            switch unary {
            case .minus: value.type.isNumeric || value.type == .interval
            case .plus: value.type.isNumeric
            default: value.type.isInteger
            }
        guard isFitting else {
            throw PlannerError(
                .typeMismatch, "operator \(unary.rawValue) does not take \(value.type)", at: position)
        }
        return unary == .plus ? value : .call(unary == .minus ? .negate : .bitNot, [value], value.type)
    }

    mutating func bind(
        _ binary: BinaryOperator, _ operands: [ExpressionSyntax], at position: TextPosition
    ) throws(PlannerError) -> Expression {
        switch binary {
        case .and, .or:
            var terms: [Expression] = []
            for operand in operands { terms.append(try bindCondition(operand, for: binary.rawValue)) }
            return .call(binary == .and ? .and : .or, terms, .boolean)
        case .equal: return try compare(.equal, operands[0], operands[1], at: position)
        case .notEqual: return try compare(.notEqual, operands[0], operands[1], at: position)
        case .less: return try compare(.less, operands[0], operands[1], at: position)
        case .lessOrEqual: return try compare(.lessOrEqual, operands[0], operands[1], at: position)
        case .greater: return try compare(.greater, operands[0], operands[1], at: position)
        case .greaterOrEqual: return try compare(.greaterOrEqual, operands[0], operands[1], at: position)
        default: break
        }
        let values = try bindAll(operands)
        let operation = OperatorBinding(
            context: context, position: position, positions: operands.map(\.position))
        return try operation.bind(binary, values)
    }

    mutating func compare(
        _ function: ScalarFunction, _ left: ExpressionSyntax, _ right: ExpressionSyntax,
        at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let values = [try bind(left), try bind(right)]
        return try OperatorBinding(
            context: context, position: position, positions: [left.position, right.position]
        )
        .compare(function, values)
    }

    mutating func bindBetween(
        _ syntax: ExpressionSyntax, _ low: ExpressionSyntax, _ high: ExpressionSyntax, _ isNegated: Bool,
        at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let value = try bindCopied(syntax, times: 2)
        func side(_ function: ScalarFunction, _ bound: ExpressionSyntax) throws(PlannerError) -> Expression {
            let operands = [value, try bind(bound)]
            return try OperatorBinding(
                context: context, position: position, positions: [syntax.position, bound.position]
            ).compare(function, operands)
        }
        let lower = try side(isNegated ? .less : .greaterOrEqual, low)
        let upper = try side(isNegated ? .greater : .lessOrEqual, high)
        return .call(isNegated ? .or : .and, [lower, upper], .boolean)
    }

    /// A value that the expression will have several times: nested, such forms multiply.
    private mutating func bindCopied(
        _ syntax: ExpressionSyntax, times: Int
    ) throws(PlannerError) -> Expression {
        let value = try bind(syntax)
        let (size, isOverflow) = value.size.multipliedReportingOverflow(by: times)
        guard !isOverflow, size <= Self.copiedSizeLimit || times == 1 else {
            throw .unsupported(
                "a value this large before BETWEEN or in CASE … WHEN", at: syntax.position,
                hint: "compute it in a subquery")
        }
        return value
    }

    mutating func bind(
        _ value: ExpressionSyntax, _ test: TruthTest, _ isNegated: Bool
    ) throws(PlannerError) -> Expression {
        if test == .null { return .call(isNegated ? .isNotNull : .isNull, [try bind(value)], .boolean) }
        let condition = try bindCondition(value, for: "IS \(test.rawValue)")
        let function: ScalarFunction =
            switch test {
            case .true: isNegated ? .isNotTrue : .isTrue
            case .false: isNegated ? .isNotFalse : .isFalse
            default: isNegated ? .isNotNull : .isNull
            }
        return .call(function, [condition], .boolean)
    }

    mutating func bindList(
        _ value: ExpressionSyntax, _ elements: [ExpressionSyntax], _ isNegated: Bool,
        at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let all = try bindAll([value] + elements)
        let positions = [value.position] + elements.map(\.position)
        let (unified, type) = try coercion.unify(all, at: positions, for: "IN")
        var scalars: [Scalar] = []
        for (element, elementPosition) in zip(unified, positions).dropFirst() {
            do {
                guard let scalar = try context.folding.value(of: element) else { break }
                scalars.append(scalar)
            } catch {
                throw .constant(error, at: elementPosition)
            }
        }
        if scalars.count == elements.count, !type.isNested {
            return .inList(unified[0], scalars, isNegated: isNegated)
        }
        let (size, isOverflow) = unified[0].size.multipliedReportingOverflow(by: elements.count)
        guard elements.count == 1 || !isOverflow && size <= Self.copiedSizeLimit else {
            throw .unsupported(
                "a value this large before IN", at: value.position, hint: "compute it in a subquery")
        }
        let tests = unified.dropFirst().map {
            Expression.call(isNegated ? .notEqual : .equal, [unified[0], $0], .boolean)
        }
        return tests.count == 1 ? tests[0] : .call(isNegated ? .and : .or, tests, .boolean)
    }

    mutating func bind(_ like: LikeSyntax, at position: TextPosition) throws(PlannerError) -> Expression {
        var arguments: [Expression] = []
        for part in [like.value, like.pattern] + (like.escape.map { [$0] } ?? []) {
            arguments.append(
                try coercion.coerce(try bind(part), to: .string, at: part.position, for: like.style.rawValue))
        }
        switch like.style {
        case .like: return .call(like.isNegated ? .notLike : .like, arguments, .boolean)
        case .ilike: return .call(like.isNegated ? .notILike : .ilike, arguments, .boolean)
        case .similar:
            let similar = Expression.call(.similarTo, arguments, .boolean)
            return like.isNegated ? .call(.not, [similar], .boolean) : similar
        }
    }

    mutating func bind(_ syntax: CaseSyntax, at position: TextPosition) throws(PlannerError) -> Expression {
        var conditions: [Expression] = []
        let operand = try syntax.operand.map { operand throws(PlannerError) in
            try bindCopied(operand, times: syntax.branches.count)
        }
        for branch in syntax.branches {
            if let operand {
                let operation = OperatorBinding(
                    context: context, position: branch.when.position,
                    positions: [syntax.operand?.position ?? position, branch.when.position])
                conditions.append(try operation.compare(.equal, [operand, try bind(branch.when)]))
            } else {
                conditions.append(try bindCondition(branch.when, for: "WHEN"))
            }
        }
        let results = syntax.branches.map(\.then) + (syntax.otherwise.map { [$0] } ?? [])
        let (values, type) = try coercion.unify(
            try bindAll(results), at: results.map(\.position), for: "CASE")
        let branches = zip(conditions, values).map { CaseBranch(condition: $0, value: $1) }
        return .caseWhen(branches, otherwise: syntax.otherwise == nil ? nil : values.last, type)
    }

    mutating func bindCast(
        _ syntax: ExpressionSyntax, _ type: TypeSyntax, _ isTry: Bool, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let value = try bind(syntax)
        let target = try TypeNames.type(type)
        return try CallBinding(context: context).cast(value, to: target, isTry: isTry, at: position)
    }

    mutating func bindElement(
        _ list: ExpressionSyntax, _ index: ExpressionSyntax, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let value = try bind(list)
        let key = try bind(index)
        switch value.type {
        case .list(let element):
            let place = try coercion.coerce(key, to: .long, at: index.position, for: "a list's index")
            return .call(.arrayElement, [value, place], element.type)
        case .map(let keyField, let valueField):
            let wanted = try coercion.coerce(key, to: keyField.type, at: index.position, for: "the map's key")
            let found = Expression.call(
                .mapExtract, [value, wanted], .list(Field("element", valueField.type)))
            return .call(.arrayElement, [found, .literal(.long(1), .long)], valueField.type)
        case .structure:
            guard case .string(let name)? = key.literalValue else {
                throw PlannerError(
                    .typeMismatch, "a struct's field is named by a string in quotes", at: index.position)
            }
            return try FieldAccess.bind(value, Identifier(name, at: index.position))
        case .json:
            let step = key.type.isInteger ? Expression.cast(key, to: .long, isTry: false) : key
            return .call(.jsonGet, [value, step], .json)
        default:
            throw PlannerError(
                .typeMismatch, "[…] takes a list, map, struct or JSON, not \(value.type)", at: position)
        }
    }

    mutating func bindArray(
        _ elements: [ExpressionSyntax], at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let (values, type) = try coercion.unify(
            try bindAll(elements), at: elements.map(\.position), for: "a list")
        return .call(.makeArray, values, .list(Field("element", type)))
    }

    mutating func bindZone(
        _ value: ExpressionSyntax, _ zone: ExpressionSyntax, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let time = try bind(value)
        let name = try bind(zone)
        if name.type == .interval { return try bindOffset(time, name, at: position) }
        guard case .string(let text)? = name.literalValue,
            ["UTC", "Z", "GMT", "+00:00"].contains(text.uppercased())
        else {
            // Text without a type is an instant, as in PostgreSQL.
            let typed =
                time.type.isTimestamp || time.type == .date
                ? time : try coercion.coerce(time, to: .timestamptz, at: position, for: "AT TIME ZONE")
            return try CallBinding(context: context).bind(
                "timezone", [name, typed], at: [zone.position, position], callPosition: position)
        }
        return try coercion.coerce(
            time, to: Self.otherSide(of: time.type), at: position, for: "AT TIME ZONE")
    }

    /// `AT TIME ZONE INTERVAL '2 hours'`: so far east of UTC, as in PostgreSQL.
    private func bindOffset(
        _ time: Expression, _ offset: Expression, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        // Text without a type is an instant, as in PostgreSQL.
        let typed =
            time.type.isTimestamp || time.type == .date
            ? time : try coercion.coerce(time, to: .timestamptz, at: position, for: "AT TIME ZONE")
        let target = Self.otherSide(of: typed.type)
        let converted = try coercion.coerce(typed, to: target, at: position, for: "AT TIME ZONE")
        let isInstant = target == .timestamptz || target == .timestamptzNanos
        return .call(isInstant ? .subtract : .add, [converted, offset], target)
    }

    /// The type without a zone of one with, and the other way round.
    private static func otherSide(of type: DataType) -> DataType {
        switch type {
        case .timestamptz: .timestamp
        case .timestamptzNanos: .timestampNanos
        case .timestampNanos: .timestamptzNanos
        default: .timestamptz
        }
    }
}
