import Columnar
import Kernels
import Plans
import SQLSyntax

/// Functions that make rows: UNNEST, generate_series, range.
struct TableFunctionBinding {
    static let names = ["unnest", "generate_series", "range"]

    let context: BinderContext
    let call: CallSyntax

    private var name: String { call.function.last.text.lowercased() }

    /// The left side's rows, each with the rows the function makes of it; `keepsEmpty` as in a LEFT JOIN.
    func bind(
        over left: (plan: LogicalPlan, scope: Scope), alias: TableAliasSyntax?, keepsEmpty: Bool
    ) throws(PlannerError) -> (plan: LogicalPlan, scope: Scope) {
        guard call.function.parts.count == 1, Self.names.contains(name) else {
            throw PlannerError(
                .unknownFunction, "there is no such table function", ["function": "\(call.function)"],
                at: call.function.position, hint: NameMatch.hint(name, among: Self.names))
        }
        guard call.window == nil, call.filter == nil, !call.isDistinct, call.order.isEmpty else {
            throw PlannerError(
                .misplacedAggregate, "a table function takes only arguments", ["function": name],
                at: call.function.position)
        }
        var binder = ExpressionBinder(context, scope: left.scope, aggregateFreeClause: "FROM")
        let arguments = try binder.bindAll(call.arguments)
        let items = name == "unnest" ? try lists(arguments) : [try series(arguments)]
        var names = columnNames(items, alias)
        let width = left.plan.schema.count
        if let renamed = alias?.columns, !renamed.isEmpty {
            guard renamed.count <= names.count else {
                throw PlannerError(
                    .unlikeShape, "the alias names more columns than the table has",
                    ["names": renamed.count, "columns": names.count], at: renamed.last?.position)
            }
            for (index, column) in renamed.enumerated() { names[index] = column.text }
        }
        let unnesting = Unnesting(
            items: items, names: names, hasOrdinality: call.hasOrdinality, keepsEmpty: keepsEmpty)
        let plan = LogicalPlan.unnest(unnesting, left.plan)
        let added = Schema(Array(plan.schema.fields[width...]))
        let own = try Scope(
            added, fullName: [alias?.name.text ?? name], alias: nil)
        return (plan, try left.scope.joined(with: own, at: call.function.position))
    }

    /// One column is called like its table, as in PostgreSQL.
    private func columnNames(_ items: [Unnesting.Item], _ alias: TableAliasSyntax?) -> [String] {
        var names = items.flatMap { item -> [String] in
            if case .map = item { return ["key", "value"] }
            return [name]
        }
        if names.count == 1, let alias { names = [alias.name.text] }
        return names + (call.hasOrdinality ? ["ordinality"] : [])
    }

    private func lists(_ arguments: [Expression]) throws(PlannerError) -> [Unnesting.Item] {
        guard !arguments.isEmpty else { throw wrongCount("1 or more") }
        var items: [Unnesting.Item] = []
        for (argument, syntax) in zip(arguments, call.arguments) {
            items.append(try Self.item(argument, at: syntax.position))
        }
        return items
    }

    static func item(_ value: Expression, at position: TextPosition) throws(PlannerError) -> Unnesting.Item {
        switch value.type {
        case .list: return .list(value)
        case .map: return .map(value)
        case .null: return .list(.null(.list(Field("element", .string))))
        default:
            throw PlannerError(
                .typeMismatch, "unnest does not take \(value.type)", at: position,
                hint: "it takes a list or a map")
        }
    }

    /// `generate_series(from, to[, step])` ends with `to`; `range([from,] to[, step])` before it.
    private func series(_ arguments: [Expression]) throws(PlannerError) -> Unnesting.Item {
        var bounds = arguments
        var positions = call.arguments.map(\.position)
        let position = call.function.position
        if name == "range", bounds.count == 1 {
            bounds.insert(.literal(.long(0), .long), at: 0)
            positions.insert(position, at: 0)
        }
        guard (2...3).contains(bounds.count) else { throw wrongCount(name == "range" ? "1 to 3" : "2 to 3") }
        let coercion = context.coercion
        let isTime = bounds.prefix(2).contains { $0.type == .date || $0.type.isTimestamp }
        var type = DataType.long
        if isTime {
            let common = CommonType.of(bounds[0].type, bounds[1].type) ?? .timestamp
            type = common.isTimestamp ? common : .timestamp
        }
        let from = try coercion.coerce(bounds[0], to: type, at: positions[0], for: name)
        let to = try coercion.coerce(bounds[1], to: type, at: positions[1], for: name)
        guard bounds.count == 3 else {
            if isTime {
                throw PlannerError(
                    .wrongArgumentCount, "a series of times needs a step", at: position,
                    hint: "add INTERVAL '1 day'")
            }
            return .series(
                from: from, to: to, step: .literal(.long(1), .long), includesEnd: name != "range")
        }
        let step = try coercion.coerce(
            bounds[2], to: isTime ? .interval : .long, at: positions[2], for: name)
        try refuseStandstill(step, at: positions[2])
        return .series(
            from: from, to: to, step: .located(step, SourcePlace(positions[2])), includesEnd: name != "range")
    }

    /// A step that is known fails before there are rows.
    private func refuseStandstill(_ step: Expression, at position: TextPosition) throws(PlannerError) {
        let known: Scalar?
        do {
            known = try context.folding.value(of: step)
        } catch {
            throw .constant(error, at: position)
        }
        let isZero =
            switch known {
            case .long(let number): number == 0
            case .interval(let interval): interval.approximateMicroseconds == 0
            default: false
            }
        if isZero { throw PlannerError(.constantFault, "the step of a series is not 0", at: position) }
    }

    private func wrongCount(_ takes: String) -> PlannerError {
        PlannerError(
            .wrongArgumentCount, "\(name) takes another number of arguments",
            ["takes": takes, "given": call.arguments.count], at: call.function.position)
    }
}
