import Columnar
import Kernels
import Plans
import SQLSyntax

/// Subqueries in expressions: each becomes a placeholder, and waits in `subqueries` for whoever owns the rows.
extension ExpressionBinder {
    mutating func bindValue(
        _ query: QuerySyntax, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let (plan, frame) = try bindInner(query, at: position)
        guard plan.schema.count == 1 else {
            throw PlannerError(
                .unlikeShape, "a subquery that stands for a value has one column",
                ["columns": plan.schema.count], at: position)
        }
        return value(query, plan, frame, at: position)
    }

    private mutating func value(
        _ query: QuerySyntax, _ plan: LogicalPlan, _ frame: OuterFrame, at position: TextPosition
    ) -> Expression {
        // What is drawn is drawn once for the query, as every other subquery that reads nothing around it.
        if let value = plan.valueWithoutRows, !value.isVolatile || !frame.values.isEmpty {
            // As a key it is not the constant that stands somewhere else.
            if keepsConstantQueries, value.isConstant { return .located(value, SourcePlace(position)) }
            return value.withOuter(frame.values)
        }
        return add(.value, query, plan, frame, type: plan.schema.fields[0].type, at: position)
    }

    /// `(SELECT a, b …)` beside a row: its only row's values; NULLs without a row.
    mutating func bindRow(
        _ query: QuerySyntax, at position: TextPosition
    ) throws(PlannerError) -> RowOperand {
        let (plan, frame) = try bindInner(query, at: position)
        let types = plan.schema.fields.map(\.type)
        if types.count == 1 { return .value(value(query, plan, frame, at: position), position) }
        let fields = types.enumerated().map { Field("c\($0)", $1) }
        let columns = types.enumerated().map { Expression.column($0, $1) }
        let rows = LogicalPlan.project(
            Projection([.call(.structure, columns, .structure(fields))], names: ["row"]), plan)
        let row = add(.value, query, rows, frame, type: .structure(fields), at: position)
        let elements = fields.map { field in
            RowOperand.value(
                .call(.getField, [row, .literal(.string(field.name), .string)], field.type), position)
        }
        return .row(elements, position)
    }

    /// `ARRAY(query)`: the values of its only column, in its order; an empty list where it has no rows.
    mutating func bindArray(
        _ query: QuerySyntax, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let (plan, frame) = try bindInner(query, at: position)
        guard plan.width == 1 else {
            throw PlannerError(
                .unlikeShape, "a subquery in ARRAY has one column", ["columns": plan.width], at: position)
        }
        let (element, order, rows) = plan.orderedValues
        let type = DataType.list(Field("element", element.type))
        var call = AggregateCall(.arrayAggregate, [element], type: type)
        call.order = order
        let list = LogicalPlan.aggregate(Aggregation(keys: [], calls: [call], names: ["array"]), rows)
        let found = add(.value, query, list, frame, type: type, at: position)
        return .call(.coalesce, [found, .literal(.list([]), type)], type)
    }

    mutating func bindExists(
        _ query: QuerySyntax, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let (plan, frame) = try bindInner(query, at: position)
        return add(.exists, query, plan.withoutIrrelevantToExistence, frame, type: .boolean, at: position)
    }

    mutating func bindIn(
        _ value: ExpressionSyntax, _ query: QuerySyntax, _ isNegated: Bool, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let found = try bindAny(.equal, value, query, at: position)
        return isNegated ? .call(.not, [found], .boolean) : found
    }

    /// `value > ANY (query)`, `value > ALL (query)`
    mutating func bindQuantified(
        _ quantified: QuantifiedSyntax, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let function = try comparison(quantified.comparison, at: position)
        guard quantified.isAll else {
            return try bindAny(function, quantified.value, quantified.query, at: position)
        }
        // True for all is the same as: its opposite is true for none.
        let fails = try bindAny(function.opposite, quantified.value, quantified.query, at: position)
        return .call(.not, [fails], .boolean)
    }

    private func comparison(
        _ sign: BinaryOperator, at position: TextPosition
    ) throws(PlannerError) -> ScalarFunction {
        if let function = sign.comparison { return function }
        throw PlannerError(
            .typeMismatch, "only a comparison stands before ANY and ALL", ["operator": sign.rawValue],
            at: position)
    }

    /// `value > ANY (list)`, `value > ALL (list)`
    mutating func bindQuantified(
        _ value: ExpressionSyntax, _ sign: BinaryOperator, isAll: Bool, _ list: ExpressionSyntax,
        at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let function = try comparison(sign, at: position)
        let name = isAll ? "ALL" : "ANY"
        let sides = [try bind(list), try bind(value)]
        guard case .list = sides[0].type else {
            if sides[0].type == .null { return .null(.boolean) }
            throw PlannerError(
                .typeMismatch, "\(name) takes a list or a subquery, not \(sides[0].type)", at: list.position)
        }
        let quantifier: ScalarFunction = isAll ? .allElements : .anyElement
        let unified = try ListElements(coercion: coercion, function: name).unify(
            quantifier, sides, at: [list.position, value.position])
        // A list that is known is IN, by which files are skipped. IN knows no list without elements.
        if function == (isAll ? .notEqual : .equal), !unified[1].type.isNested,
            let known = try? context.folding.value(of: unified[0]), case .list(let elements) = known,
            !elements.isEmpty
        {
            return .inList(unified[1], elements, isNegated: isAll)
        }
        return .call(quantifier, unified + [.literal(.string(function.name), .string)], .boolean)
    }

    private mutating func bindAny(
        _ function: ScalarFunction, _ value: ExpressionSyntax, _ query: QuerySyntax, at position: TextPosition
    ) throws(PlannerError) -> Expression {
        var parts = [value]
        if case .row(let elements) = value.kind { parts = elements }
        let values = try bindAll(parts)
        let (plan, frame) = try bindInner(query, at: position)
        let fields = plan.schema.fields
        guard fields.count == values.count else {
            throw PlannerError(
                .unlikeShape, "the subquery has another number of columns than it is compared with",
                ["values": values.count, "columns": fields.count], at: position)
        }
        let given = zip(values, parts).map { RowOperand.value($0, $1.position) }
        let found = fields.enumerated().map { index, field in
            RowOperand.value(.column(Placeholder.inner + index, field.type), position)
        }
        let condition = try RowComparison(context: context, position: position).compare(
            function, .row(given, value.position), .row(found, position))
        return add(.any(condition), query, plan, frame, type: .boolean, at: position)
    }

    private mutating func bindInner(
        _ query: QuerySyntax, at position: TextPosition
    ) throws(PlannerError) -> (LogicalPlan, OuterFrame) {
        if let clause = subqueryFreeClause {
            throw .unsupported("a subquery in \(clause)", at: position)
        }
        let frame = OuterFrame(
            scope, outerNumbers, aggregateFreeClause: isInsideAggregate ? "another" : aggregateFreeClause)
        var binder = QueryBinder(context.inside([frame]))
        let plan = try binder.bind(query)
        for (column, position) in frame.reads.positions { noteColumn(column, at: position) }
        for (number, call) in frame.reads.aggregates { frame.settle(number, as: place(of: call)) }
        return (plan, frame)
    }

    private mutating func add(
        _ form: BoundSubquery.Form, _ query: QuerySyntax, _ plan: LogicalPlan, _ frame: OuterFrame,
        type: DataType, at position: TextPosition
    ) -> Expression {
        let spelling = query.spelling
        let subquery = BoundSubquery(
            form: form, plan: plan, outer: frame.values, isInsideAggregate: isInsideAggregate,
            parameters: spelling.parameters, place: SourcePlace(position))
        let hasTwins = spelling.hasNamesInTwoCases || plan.hasNamesInTwoCases || frame.hasNamesInTwoCases
        let written = WrittenSubquery(
            spelling: spelling, exactText: hasTwins ? Array(query.description.utf8) : nil,
            tables: plan.tables, drawn: context.shared.drawn(by: plan), form: form, type: type,
            isInsideAggregate: isInsideAggregate)
        // The same query in GROUP BY and in the select list is one key.
        if let known = subqueryPlaces[subquery] ?? writtenPlaces[written] {
            return .column(Placeholder.subquery + known, type)
        }
        if !plan.isVolatile {
            subqueryPlaces[subquery] = subqueries.count
            writtenPlaces[written] = subqueries.count
        }
        subqueries.append(subquery)
        return .column(Placeholder.subquery + subqueries.count - 1, type)
    }
}

extension ExpressionBinder {
    /// Whether an aggregate's place is inside, by way of a subquery too.
    func readsAggregate(_ value: Expression) -> Bool { reads(value) { $0.readsAggregate } }

    /// As `readsAggregate`, of window functions.
    func readsWindow(_ value: Expression) -> Bool { reads(value) { $0.readsWindow } }

    private func reads(_ value: Expression, _ test: (Expression) -> Bool) -> Bool {
        if test(value) { return true }
        return value.subqueries.contains { place in
            let subquery = subqueries[place]
            if case .any(let condition) = subquery.form, reads(condition, test) { return true }
            return subquery.outer.values.contains { reads($0, test) }
        }
    }
}

extension Expression {
    /// With what stands behind the numbers of outer columns.
    func withOuter(_ values: [Int: Expression]) -> Expression {
        rewritten { if case .column(let index, _) = $0 { values[index] ?? $0 } else { $0 } }
    }

    /// The subqueries it reads, by their places in the binder's list.
    var subqueries: [Int] {
        columns.filter { $0 >= Placeholder.subquery && $0 < Placeholder.outer }
            .map { $0 - Placeholder.subquery }.sorted()
    }
}

extension LogicalPlan {
    /// The value of a query without FROM and WHERE: `(SELECT a + 1)` is no more than `a + 1`.
    fileprivate var valueWithoutRows: Expression? {
        guard case .project(let projection, .values(.oneRow)) = self, projection.expressions.count == 1 else {
            return nil
        }
        return projection.expressions[0]
    }

    /// Without what cannot change whether there is a row.
    fileprivate var withoutIrrelevantToExistence: LogicalPlan {
        switch self {
        case .project(let projection, let input) where !projection.expressions.contains(where: \.isVolatile):
            input.withoutIrrelevantToExistence
        case .sort(_, let input): input.withoutIrrelevantToExistence
        case .aggregate(let aggregation, let input) where aggregation.isDistinct:
            input.withoutIrrelevantToExistence
        case .limit(let window, let input) where window.offset == 0 && (window.count ?? 1) > 0:
            input.withoutIrrelevantToExistence
        default: self
        }
    }
}

extension LogicalPlan {
    /// The only column and the order of the rows, both over the same input: an aggregate of it sees no order otherwise.
    fileprivate var orderedValues: (value: Expression, order: [SortKey], input: LogicalPlan) {
        switch self {
        case .project(let projection, let input):
            let (order, rows) = input.unsorted
            return (projection.expressions[0], order, rows)
        case .limit(let window, .project(let projection, let input)):
            return LogicalPlan.project(projection, .limit(window, input)).orderedValues
        default:
            let (order, rows) = unsorted
            return (.column(0, schema.fields[0].type), order, rows)
        }
    }

    /// The rows, and the order they are in; a limit needs it below too.
    private var unsorted: (order: [SortKey], rows: LogicalPlan) {
        switch self {
        case .sort(let keys, let input): (keys, input)
        case .limit(_, let input): (input.unsorted.order, self)
        default: ([], self)
        }
    }
}

extension Aggregation {
    /// Only drops repeated rows; an empty grouping set would be a row where there are none.
    fileprivate var isDistinct: Bool { calls.isEmpty && !keys.isEmpty && rowsIfEmpty.isEmpty }
}

extension BinaryOperator {
    fileprivate var comparison: ScalarFunction? {
        switch self {
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .less
        case .lessOrEqual: .lessOrEqual
        case .greater: .greater
        case .greaterOrEqual: .greaterOrEqual
        default: nil
        }
    }
}

extension ScalarFunction {
    /// Of a comparison.
    fileprivate var opposite: ScalarFunction {
        switch self {
        case .equal: .notEqual
        case .notEqual: .equal
        case .less: .greaterOrEqual
        case .lessOrEqual: .greater
        case .greater: .lessOrEqual
        default: .less
        }
    }
}
