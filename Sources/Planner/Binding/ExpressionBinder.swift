import Columnar
import Kernels
import Plans
import SQLSyntax

/// Turns an expression's syntax into a typed expression over one scope.
///
/// Aggregates it meets become columns behind `aggregateBase`; `GroupBinding` gives them their real places.
struct ExpressionBinder {
    /// No table has so many columns.
    static let aggregateBase = 1 << 40
    /// Behind the places of aggregates.
    static let groupingBase = 1 << 41
    /// Behind the places of window functions.
    static let unnestBase = 1 << 43

    let context: BinderContext
    let scope: Scope
    /// What the message says when an aggregate stands here: `WHERE`; nil where aggregates may stand.
    let aggregateFreeClause: String?
    /// Names that are no columns but select items, for ORDER BY, HAVING and GROUP BY.
    var aliases: [String: Expression] = [:]
    private(set) var aggregates: [AggregateCall] = []
    /// Where each column was read outside aggregates, first time; for the message of `notGrouped`.
    private(set) var columnPositions: [Int: TextPosition] = [:]
    /// Subqueries met so far; their answers stand behind `Placeholder.subquery`.
    var subqueries: [BoundSubquery] = []
    /// Where a subquery stands that gives the same wherever it is written.
    var subqueryPlaces: [BoundSubquery: Int] = [:]
    var writtenPlaces: [WrittenSubquery: Int] = [:]
    /// Whether `(SELECT 5)` differs from `5`: where such a query is a key.
    var keepsConstantQueries = false
    /// For what subqueries read here.
    let outerNumbers: OuterNumbers
    /// Like `aggregateFreeClause`, for subqueries.
    var subqueryFreeClause: String?
    var isInsideAggregate = false
    /// Window functions met so far; their columns stand behind `windowBase`.
    var windows: [BoundWindow] = []
    /// The arguments of GROUPING, by call; their columns stand behind `groupingBase`.
    private(set) var groupings: [GroupingCall] = []
    /// Lists that UNNEST in the select list makes rows of; their columns stand behind `unnestBase`.
    private(set) var unnests: [Unnesting.Item] = []
    /// Whether UNNEST may stand here.
    var takesUnnest = false
    /// What WINDOW names.
    var namedWindows: [SelectSyntax.NamedWindow] = []
    /// Like `aggregateFreeClause`, for window functions; they stand only behind SELECT, ORDER BY and QUALIFY.
    var windowFreeClause: String?

    init(_ context: BinderContext, scope: Scope, aggregateFreeClause: String? = nil) {
        self.context = context
        self.scope = scope
        outerNumbers = OuterNumbers(context.counts)
        self.aggregateFreeClause = aggregateFreeClause
        windowFreeClause = aggregateFreeClause
    }

    var coercion: Coercion { context.coercion }

    /// The typed expression; what may fault over a row says where it stands.
    mutating func bind(_ syntax: ExpressionSyntax) throws(PlannerError) -> Expression {
        let value = try bindForm(syntax)
        guard value.mayFault else { return value }
        return .located(value, SourcePlace(syntax.position))
    }

    private mutating func bindForm(_ syntax: ExpressionSyntax) throws(PlannerError) -> Expression {
        let position = syntax.position
        switch syntax.kind {
        case .literal(let literal): return try LiteralBinding(coercion: coercion).bind(literal, at: position)
        case .name(let name): return try column(name)
        case .star:
            throw PlannerError(
                .typeMismatch, "* stands only in a select list and in count(*)", at: position)
        case .parameter(let parameter): return try bind(parameter, at: position)
        case .unary(let unary, let operand): return try bind(unary, operand, at: position)
        case .binary(let binary, let operands): return try bind(binary, operands, at: position)
        case .chain(let first, let links): return try bindChain(first, links)
        case .isTest(let value, let test, let isNegated): return try bind(value, test, isNegated)
        case .isDistinct(let left, let right, let isNegated):
            return try compare(isNegated ? .isNotDistinctFrom : .isDistinctFrom, left, right, at: position)
        case .between(let value, let low, let high, let isNegated):
            return try bindBetween(value, low, high, isNegated, at: position)
        case .inList(let value, let elements, let isNegated):
            return try bindList(value, elements, isNegated, at: position)
        case .like(let like): return try bind(like, at: position)
        case .caseWhen(let syntax): return try bind(syntax, at: position)
        case .cast(let value, let type, let isTry): return try bindCast(value, type, isTry, at: position)
        case .call(let call): return try bind(call, at: position)
        case .element(let list, let index): return try bindElement(list, index, at: position)
        case .field(let value, let name): return try FieldAccess.bind(try bind(value), name)
        case .array(let elements): return try bindArray(elements, at: position)
        case .row(let elements):
            let values = try bindAll(elements)
            let fields = values.enumerated().map { Field("c\($0)", $1.type) }
            return .call(.structure, values, .structure(fields))
        case .exists(let query): return try bindExists(query, at: position)
        case .subquery(let query): return try bindValue(query, at: position)
        case .arrayQuery(let query): return try bindArray(query, at: position)
        case .inQuery(let value, let query, let isNegated):
            return try bindIn(value, query, isNegated, at: position)
        case .quantified(let quantified): return try bindQuantified(quantified, at: position)
        case .quantifiedList(let value, let comparison, let isAll, let list):
            return try bindQuantified(value, comparison, isAll: isAll, list, at: position)
        case .atTimeZone(let value, let zone): return try bindZone(value, zone, at: position)
        case .collated(let value, _): return try bindCollated(value, at: position)
        }
    }

    mutating func bindAll(_ syntax: [ExpressionSyntax]) throws(PlannerError) -> [Expression] {
        var result: [Expression] = []
        for element in syntax { result.append(try bind(element)) }
        return result
    }

    /// A condition: boolean, or NULL.
    mutating func bindCondition(_ syntax: ExpressionSyntax, for place: String) throws(PlannerError)
        -> Expression
    {
        let value = try bind(syntax)
        return try coercion.coerce(value, to: .boolean, at: syntax.position, for: place)
    }

    private mutating func column(_ name: QualifiedName) throws(PlannerError) -> Expression {
        do {
            let expression = try scope.resolve(name)
            if scope.hasSeveralTables { context.notes?.note(name, as: expression, in: scope) }
            if !isInsideAggregate {
                for column in expression.columns where columnPositions[column] == nil {
                    columnPositions[column] = name.position
                }
            }
            return expression
        } catch  where error.code == .unknownColumn && name.parts.count == 1 && !isInsideAggregate {
            // A select item's name stands for it where the caller allows that.
            if let aliased = aliases[name.last.text] ?? aliases[name.last.text.lowercased()] {
                return aliased
            }
            if let outer = try context.outer(name) { return outer }
            throw context.fault(error, name, in: scope)
        } catch  where error.code == .unknownColumn {
            if let outer = try context.outer(name) { return outer }
            throw context.fault(error, name, in: scope)
        }
    }

    /// A column of this scope that a query inside reads.
    mutating func noteColumn(_ column: Int, at position: TextPosition) {
        if !isInsideAggregate, columnPositions[column] == nil { columnPositions[column] = position }
    }

    private mutating func bind(
        _ parameter: ParameterSyntax, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let given = context.parameters
        switch parameter {
        case .index(let number):
            guard given.positional.indices.contains(number - 1) else {
                throw PlannerError(
                    .missingParameter, "the parameter has no value",
                    ["parameter": "$\(number)", "given": given.positional.count], at: position)
            }
            let value = given.positional[number - 1]
            return .literal(value.value, value.type)
        case .named(let name):
            guard let value = given.named[name] else {
                throw PlannerError(
                    .missingParameter, "the parameter has no value", ["parameter": ":\(name)"], at: position,
                    hint: NearestName.find(name, among: given.named.keys.sorted()).map {
                        "did you mean :\($0)?"
                    })
            }
            return .literal(value.value, value.type)
        }
    }

    private mutating func bind(_ call: CallSyntax, at position: TextPosition) throws(PlannerError)
        -> Expression
    {
        guard call.function.parts.count == 1 else {
            throw PlannerError(
                .unknownFunction, "functions have no namespace", ["function": "\(call.function)"],
                at: position)
        }
        if let window = call.window { return try bindWindow(call, window, at: position) }
        let name = call.function.last.text
        switch name.lowercased() {
        case "grouping": return try bindGrouping(call, at: position)
        case "unnest": return try bindUnnest(call, at: position)
        default: break
        }
        if WindowRegistry.needsWindow(name) {
            throw PlannerError(
                .misplacedAggregate, "a window function needs OVER", ["function": name], at: position,
                hint: "write \(name.lowercased())(…) OVER (ORDER BY …)")
        }
        if let definition = AggregateRegistry.find(name) {
            return try bindAggregate(call, definition, at: position)
        }
        if let lambda = call.arguments.first(where: \.isLambda) {
            throw .unsupported(
                "a lambda", at: lambda.position,
                hint: "UNNEST the list, and put it together with array_agg")
        }
        try CallBinding.checkName(name, at: position)
        guard !call.isDistinct, call.filter == nil, call.order.isEmpty, call.withinGroup.isEmpty else {
            throw PlannerError(
                .misplacedAggregate, "DISTINCT, FILTER and ORDER BY belong to aggregates", ["function": name],
                at: position)
        }
        let arguments = try bindAll(call.arguments)
        return try CallBinding(context: context).bind(
            name, arguments, at: call.arguments.map(\.position), callPosition: position)
    }

    private mutating func bindGrouping(
        _ call: CallSyntax, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        if let clause = aggregateFreeClause ?? (isInsideAggregate ? "an aggregate" : nil) {
            throw PlannerError(.misplacedAggregate, "GROUPING cannot stand in \(clause)", at: position)
        }
        guard (1...31).contains(call.arguments.count) else {
            throw PlannerError(
                .wrongArgumentCount, "grouping takes another number of arguments",
                ["takes": "1 to 31", "given": call.arguments.count], at: position)
        }
        groupings.append(
            GroupingCall(arguments: try bindAll(call.arguments), positions: call.arguments.map(\.position)))
        return .column(Self.groupingBase + groupings.count - 1, .int)
    }

    private mutating func bindUnnest(
        _ call: CallSyntax, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        guard takesUnnest, !isInsideAggregate else {
            throw PlannerError(
                .misplacedAggregate, "UNNEST stands only in FROM and in a select list", at: position)
        }
        guard call.arguments.count == 1 else {
            throw PlannerError(
                .wrongArgumentCount, "unnest in a select list takes another number of arguments",
                ["takes": 1, "given": call.arguments.count], at: position)
        }
        takesUnnest = false
        defer { takesUnnest = true }
        let item = try TableFunctionBinding.item(try bind(call.arguments[0]), at: call.arguments[0].position)
        guard case .list = item else {
            throw PlannerError(
                .typeMismatch, "unnest in a select list takes a list", at: call.arguments[0].position,
                hint: "put the map into FROM: …, UNNEST(map) AS m(key, value)")
        }
        unnests.append(item)
        return .column(Self.unnestBase + unnests.count - 1, item.types[0])
    }

    private mutating func bindAggregate(
        _ call: CallSyntax, _ definition: AggregateDefinition, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        if aggregateFreeClause != nil || isInsideAggregate, !readsOnlyOuterColumns(call) {
            throw misplacedAggregate(call, at: position)
        }
        let (reads, isInside) = (context.frames.map(\.reads), isInsideAggregate)
        isInsideAggregate = true
        defer { isInsideAggregate = isInside }
        var bound = try boundAggregate(call, definition, at: position)
        bound.place = SourcePlace(position)
        if let owner = try owner(of: bound, at: position) {
            return try context.frames[owner].adopt(bound, since: reads[owner], at: position)
        }
        // Its FILTER reads what its arguments do not.
        if aggregateFreeClause != nil || isInside { throw misplacedAggregate(call, at: position) }
        return place(of: bound)
    }

    /// The column of an aggregate of this query.
    mutating func place(of call: AggregateCall) -> Expression {
        if let known = aggregates.firstIndex(of: call) {
            return .column(Self.aggregateBase + known, call.type)
        }
        aggregates.append(call)
        return .column(Self.aggregateBase + aggregates.count - 1, call.type)
    }

    mutating func boundAggregate(
        _ call: CallSyntax, _ definition: AggregateDefinition, at position: TextPosition
    ) throws(PlannerError) -> AggregateCall {
        var filter = try call.filter.map { syntax throws(PlannerError) in
            try bindCondition(syntax, for: "FILTER")
        }
        if definition.function == .count, call.isStarOrEmpty {
            guard !call.isDistinct else {
                throw PlannerError(.typeMismatch, "count(DISTINCT *) has no meaning", at: position)
            }
            return AggregateCall(.countAll, [], type: .long, filter: filter)
        }
        var syntax = call.arguments
        var isDescending = false
        if definition.isOrderedSet, let key = call.withinGroup.first {
            guard call.withinGroup.count == 1 else {
                throw .unsupported("WITHIN GROUP over several values", at: position)
            }
            syntax.insert(key.value, at: 0)
            isDescending = key.isDescending
        } else if !call.withinGroup.isEmpty {
            throw PlannerError(.typeMismatch, "the aggregate takes no WITHIN GROUP", at: position)
        }
        if definition.function == .count, syntax.count > 1 {
            return try boundTupleCount(syntax, filter, isDistinct: call.isDistinct)
        }
        guard syntax.count == definition.required.count else {
            throw PlannerError(
                .wrongArgumentCount, "\(definition.names[0]) takes another number of arguments",
                ["takes": definition.required.count, "given": syntax.count], at: position)
        }
        let binding = ArgumentBinding(coercion: coercion, function: definition.names[0])
        let given = try bindAll(syntax)
        let arguments = try binding.bind(given, at: syntax.map(\.position), kinds: definition.required)
        let type = try binding.result(definition.result, of: arguments, at: position)
        // Fractions and delimiters hold for the whole group.
        if let place = definition.function.constantArgument, !arguments[place].isConstant {
            throw PlannerError(
                .typeMismatch, "\(definition.names[0]) takes a constant here", at: syntax[place].position)
        }
        if call.nullTreatment == .ignore {
            guard definition.function.picksRows else {
                throw PlannerError(.typeMismatch, "the aggregate takes no IGNORE NULLS", at: position)
            }
            let isPresent = Expression.call(.isNotNull, [arguments[0]], .boolean)
            filter = Expression.conjunction([filter, isPresent].compactMap { $0 })
        }
        // The smallest of distinct values is the smallest of all.
        let ignoresDistinct: Set<AggregateFunction> = [
            .minimum, .maximum, .boolAnd, .boolOr, .approximateDistinct,
        ]
        var bound = AggregateCall(
            definition.function, arguments, type: type,
            isDistinct: call.isDistinct && !ignoresDistinct.contains(definition.function), filter: filter)
        for key in call.order {
            let value = try bind(key.value)
            if call.isDistinct { try refuse(value, outside: given, at: key.value.position) }
            bound.order.append(
                SortKey(value, isDescending: key.isDescending, nullsFirst: key.nullsFirst))
        }
        if definition.function.sortsItself {
            // `mode(x ORDER BY x DESC)` is `mode() WITHIN GROUP (ORDER BY x DESC)`; another order changes nothing.
            if let key = bound.order.first, key.expression == given[0] { isDescending = key.isDescending }
            bound.order = isDescending ? [SortKey(arguments[0], isDescending: true)] : []
        }
        return bound.guarded
    }
}

extension ExpressionBinder {
    /// Of rows with the same arguments DISTINCT keeps one: nobody knows which, so nothing else can order them.
    private func refuse(
        _ key: Expression, outside arguments: [Expression], at position: TextPosition
    ) throws(PlannerError) {
        if arguments.contains(key) { return }
        throw PlannerError(
            .misplacedAggregate, "an aggregate with DISTINCT is ordered by its arguments only", at: position,
            hint: "order by an argument as it is written, or remove the repeated rows in a subquery")
    }
}

extension CallSyntax {
    /// `count(*)`, `count()`
    fileprivate var isStarOrEmpty: Bool {
        if arguments.isEmpty { return true }
        if arguments.count == 1, case .star(let star) = arguments[0].kind { return star.isPlain }
        return false
    }
}
