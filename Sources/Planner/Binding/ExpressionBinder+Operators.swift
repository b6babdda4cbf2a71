import Columnar
import Kernels
import Plans
import SQLSyntax

/// Operators and the forms of SQL that are operators in words.
extension ExpressionBinder {
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

    mutating func bind(
        _ value: ExpressionSyntax, _ test: TruthTest, _ isNegated: Bool
    ) throws(PlannerError) -> Expression {
        if test == .null {
            return RowComparison.nullTest(try operand(value), isNegated ? .isNotNull : .isNull)
        }
        let condition = try bindCondition(value, for: "IS \(test.rawValue)")
        let function: ScalarFunction =
            switch test {
            case .true: isNegated ? .isNotTrue : .isTrue
            case .false: isNegated ? .isNotFalse : .isFalse
            default: isNegated ? .isNotNull : .isNull
            }
        return .call(function, [condition], .boolean)
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
                let comparison = RowComparison(context: context, position: branch.when.position)
                conditions.append(try comparison.compare(.equal, operand, try self.operand(branch.when)))
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
        let cast = try CallBinding(context: context).cast(value, to: target, isTry: isTry, at: position)
        return try TimeDigits.rounded(cast, to: type)
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
            guard let name = key.constantText else {
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
        guard let text = name.constantText, ["UTC", "Z", "GMT", "+00:00"].contains(text.uppercased())
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
