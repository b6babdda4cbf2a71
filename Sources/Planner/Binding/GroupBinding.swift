import Columnar
import Kernels
import Plans
import SQLSyntax

/// Rewrites expressions over the input into expressions over its groups.
///
///     aggregate   keys, the grouping set's number where there are several sets, calls
///     expand      only where there are several sets
///     input
struct GroupBinding {
    struct Key {
        var value: Expression
        var name: String
    }

    let grouping: GroupingSets
    let calls: [AggregateCall]
    /// The arguments of GROUPING, by call.
    let groupings: [GroupingCall]
    /// Where columns were read, for the message.
    let positions: [Int: TextPosition]
    let scope: Scope

    private var keys: [Key] { grouping.keys }
    private var hasSets: Bool { grouping.sets.count > 1 || grouping.sets.first?.count != keys.count }
    private var firstCall: Int { keys.count + (hasSets ? 1 : 0) }

    /// Subqueries in keys and in aggregates belong to the rows.
    func plan(over rows: inout AttachedSubqueries) throws(PlannerError) -> LogicalPlan {
        let names = keys.map(\.name)
        let callNames = calls.map { $0.text(over: rows.plan.schema) }
        var values: [Expression] = []
        for key in keys { values.append(try rows.bind(key.value)) }
        var bound: [AggregateCall] = []
        for call in calls {
            bound.append(
                try call.mapExpressions { value throws(PlannerError) -> Expression in try rows.bind(value) })
        }
        guard hasSets else {
            return .aggregate(
                Aggregation(keys: values, calls: bound, names: names + callNames), rows.plan)
        }
        let expansion = Expansion(keys: values, sets: grouping.sets, names: names + ["grouping set"])
        let width = rows.plan.schema.count
        let types = values.map(\.type) + [.int]
        var aggregation = Aggregation(
            keys: types.enumerated().map { .column(width + $0, $1) }, calls: bound,
            names: names + ["grouping set"] + callNames)
        for (number, set) in grouping.sets.enumerated() where set.isEmpty {
            var row = keys.map { _ in Scalar.null } + [.int(Int32(truncatingIfNeeded: number))]
            for call in bound { row.append(try call.answerOfNoRows()) }
            aggregation.rowsIfEmpty.append(row)
        }
        return .aggregate(aggregation, .expand(expansion, rows.plan))
    }

    /// A key becomes its column, an aggregate its own; a column that is neither is a fault.
    func bind(_ expression: Expression) throws(PlannerError) -> Expression {
        if let key = keys.firstIndex(where: { $0.value == expression }) {
            return .column(key, expression.type)
        }
        if case .column(let index, let type) = expression {
            // What makes rows and windows stands above groups, and so do subqueries.
            if index >= ExpressionBinder.windowBase { return expression }
            if index >= ExpressionBinder.groupingBase {
                return try grouping(of: groupings[index - ExpressionBinder.groupingBase])
            }
            if index >= ExpressionBinder.aggregateBase {
                return .column(firstCall + index - ExpressionBinder.aggregateBase, type)
            }
            throw PlannerError(
                .notGrouped, "the column must be in GROUP BY or inside an aggregate",
                ["column": scope.columns[index].name], at: positions[index],
                hint: "add it to GROUP BY, or write any_value(\(Identifier(scope.columns[index].name)))")
        }
        let children = expression.children
        if children.isEmpty { return expression }
        var replacements: [Expression] = []
        for child in children { replacements.append(try bind(child)) }
        return expression.withChildren(replacements)
    }

    /// A bit for each argument, the first one highest: set where the grouping set leaves the key out.
    private func grouping(of call: GroupingCall) throws(PlannerError) -> Expression {
        var places: [Int] = []
        for (argument, position) in zip(call.arguments, call.positions) {
            guard let place = keys.firstIndex(where: { $0.value == argument }) else {
                throw PlannerError(.notGrouped, "GROUPING takes keys of GROUP BY", at: position)
            }
            places.append(place)
        }
        func bits(_ set: [Int]) -> Expression {
            let value = places.reduce(Int32(0)) { $0 << 1 | (set.contains($1) ? 0 : 1) }
            return .literal(.int(value), .int)
        }
        guard hasSets else { return .literal(.int(0), .int) }
        let number = Expression.column(keys.count, .int)
        let branches = grouping.sets.enumerated().map { index, set in
            CaseBranch(
                condition: .call(
                    .equal, [number, .literal(.int(Int32(truncatingIfNeeded: index)), .int)], .boolean),
                value: bits(set))
        }
        return .caseWhen(branches, otherwise: nil, .int)
    }
}

extension AggregateCall {
    /// What it gives over no rows.
    func answerOfNoRows() throws(PlannerError) -> Scalar {
        do {
            return try function.makeState(
                argumentTypes: (arguments + order.map(\.expression)).map(\.type), result: type,
                isDistinct: isDistinct,
                order: order.map {
                    SortDirection(isDescending: $0.isDescending, nullsFirst: $0.nullsFirst)
                }
            ).finish().scalar(at: 0)
        } catch {
            throw PlannerError(
                .constantFault, "the aggregate has no answer for no rows", ["aggregate": function.name],
                at: place.map { TextPosition(line: $0.line, column: $0.column) }, cause: error)
        }
    }
}
