import Columnar
import Kernels
import Plans
import SQLSyntax

/// Binds one SELECT over its bound FROM and WHERE.
///
///     limit  (the caller's)
///     project away hidden sort keys
///     sort
///     distinct
///     project select items, hidden sort keys
///     filter (QUALIFY)
///     windows
///     filter (HAVING)
///     aggregate
///     input
struct SelectBinding {
    /// Of select items, and of keys in GROUP BY and ORDER BY: they are compared with each other.
    static let itemLimit = 4_096
    private static let keyLimit = 256

    let context: BinderContext
    let scope: Scope

    func bind(
        _ select: SelectSyntax, over input: LogicalPlan, order: [OrderSyntax], _ limits: LimitBinding? = nil
    ) throws(PlannerError) -> LogicalPlan {
        try refuseLong(select, order)
        var binder = ExpressionBinder(context, scope: scope)
        binder.namedWindows = select.windows
        binder.keepsConstantQueries = select.grouping?.hasQueryKey == true
        binder.takesUnnest = true
        let list = try SelectItems(select, binder: &binder)
        binder.takesUnnest = false
        for item in list.items where item.isNamed && item.syntax != nil {
            if binder.aliases[item.name] == nil { binder.aliases[item.name] = item.value }
        }
        var qualify = try select.qualify.map { syntax throws(PlannerError) in
            try binder.bindCondition(syntax, for: "QUALIFY")
        }
        let having = try having(select, binder: &binder)
        var sorting = try SortBinding(list, order, binder: &binder)
        let distinct = try DistinctOn(select, &sorting, list, binder: &binder)
        let grouping = try grouping(select, list, binder: &binder)

        var plan = input
        var windows = binder.windows
        var unnests = binder.unnests
        let hasGroups = !binder.aggregates.isEmpty || !binder.groupings.isEmpty || having != nil
        if let grouping = grouping ?? (hasGroups ? GroupingSets([]) : nil) {
            let groups = GroupBinding(
                grouping: grouping, calls: binder.aggregates, groupings: binder.groupings,
                positions: binder.columnPositions, scope: scope)
            var rows = AttachedSubqueries(binder.subqueries, to: plan, context)
            plan = try groups.plan(over: &rows)
            var attached = AttachedSubqueries(
                binder.subqueries, to: plan, context, reading: groups.bind)
            if let having { try attached.filter(try groups.bind(having)) }
            let bind = { (value: Expression) throws(PlannerError) in try attached.bind(groups.bind(value)) }
            sorting.values = try Self.mapped(sorting.values, bind)
            for index in windows.indices { windows[index] = try windows[index].mapExpressions(bind) }
            if let condition = qualify { qualify = try bind(condition) }
            for index in unnests.indices { unnests[index] = try unnests[index].mapExpressions(bind) }
            plan = attached.plan
        } else if !binder.subqueries.isEmpty {
            var attached = AttachedSubqueries(binder.subqueries, to: plan, context)
            let bind = { (value: Expression) throws(PlannerError) in try attached.bind(value) }
            sorting.values = try Self.mapped(sorting.values, bind)
            for index in windows.indices { windows[index] = try windows[index].mapExpressions(bind) }
            if let condition = qualify { qualify = try bind(condition) }
            for index in unnests.indices { unnests[index] = try unnests[index].mapExpressions(bind) }
            plan = attached.plan
        }
        if !windows.isEmpty {
            let windowed = WindowPlan(windows, over: plan)
            plan = windowed.plan
            sorting.values = sorting.values.map(windowed.bind)
            qualify = qualify.map(windowed.bind)
            unnests = unnests.map { $0.mapExpressions(windowed.bind) }
        }
        if let qualify {
            guard
                !qualify.columns.contains(where: {
                    $0 >= ExpressionBinder.unnestBase && $0 < Placeholder.subquery
                })
            else {
                throw PlannerError(
                    .misplacedAggregate, "UNNEST cannot stand in QUALIFY", at: select.qualify?.position)
            }
            plan = .filter(qualify, plan)
        }
        if !unnests.isEmpty {
            let width = plan.schema.count
            plan = .unnest(Unnesting(items: unnests, names: unnests.map { _ in "unnest" }), plan)
            sorting.values = sorting.values.map { value in
                value.remapped { index in
                    (ExpressionBinder.unnestBase..<Placeholder.subquery).contains(index)
                        ? width + index - ExpressionBinder.unnestBase : index
                }
            }
        }
        plan = .project(Projection(sorting.values, names: sorting.names), plan)
        if case .rows = select.distinct {
            if let hidden = sorting.firstHidden {
                throw PlannerError(
                    .notGrouped, "with DISTINCT, ORDER BY takes only select items", at: hidden)
            }
            plan = Self.distinct(plan)
        }
        let isSortedByTies = limits?.sortsByItself == true && distinct == nil
        if !sorting.keys.isEmpty, !isSortedByTies { plan = .sort(sorting.keys, plan) }
        if let distinct { plan = distinct.plan(over: plan) }
        if let limits, limits.looksAtOrder { plan = try limits.plan(over: plan, by: sorting.keys) }
        if sorting.values.count > list.items.count {
            let visible = (0..<list.items.count).map { Expression.column($0, sorting.values[$0].type) }
            plan = .project(Projection(visible, names: list.items.map(\.name)), plan)
        }
        return plan
    }

    private func having(
        _ select: SelectSyntax, binder: inout ExpressionBinder
    ) throws(PlannerError) -> Expression? {
        guard let syntax = select.having else { return nil }
        binder.windowFreeClause = "HAVING"
        defer { binder.windowFreeClause = nil }
        let condition = try binder.bindCondition(syntax, for: "HAVING")
        // By way of a select item's name.
        if binder.readsWindow(condition) {
            throw PlannerError(
                .misplacedAggregate, "a window function cannot stand in HAVING", at: syntax.position,
                hint: "filter on it with QUALIFY")
        }
        return condition
    }

    /// Each row once.
    static func distinct(_ plan: LogicalPlan) -> LogicalPlan {
        let fields = plan.schema.fields
        return .aggregate(
            Aggregation(
                keys: fields.enumerated().map { .column($0, $1.type) }, calls: [], names: fields.map(\.name)),
            plan)
    }

    private static func mapped(
        _ values: [Expression], _ bind: (Expression) throws(PlannerError) -> Expression
    ) throws(PlannerError) -> [Expression] {
        var result: [Expression] = []
        for value in values { result.append(try bind(value)) }
        return result
    }

    private func refuseLong(_ select: SelectSyntax, _ order: [OrderSyntax]) throws(PlannerError) {
        var keyCount = order.count
        if case .elements(let elements) = select.grouping { keyCount = max(keyCount, elements.count) }
        guard select.items.count <= Self.itemLimit, keyCount <= Self.keyLimit else {
            throw PlannerError(
                .unsupported, "the query has too many select items or keys",
                ["items": Self.itemLimit, "keys": Self.keyLimit], at: select.position)
        }
    }

    /// The index a whole number in GROUP BY or ORDER BY names; nil for any other expression.
    static func position(
        _ syntax: ExpressionSyntax, in count: Int, clause: String
    ) throws(PlannerError) -> Int? {
        guard case .literal(.number(let digits)) = syntax.kind, let number = Int(digits) else { return nil }
        guard (1...max(1, count)).contains(number), count > 0 else {
            throw PlannerError(
                .invalidPosition, "\(clause) names a select item that is not there",
                ["position": number, "items": count], at: syntax.position)
        }
        return number - 1
    }

    /// Nil without GROUP BY.
    private func grouping(
        _ select: SelectSyntax, _ list: SelectItems, binder: inout ExpressionBinder
    ) throws(PlannerError) -> GroupingSets? {
        switch select.grouping {
        case nil: return nil
        case .all:
            var keys: [GroupBinding.Key] = []
            for item in list.items where !binder.readsAggregate(item.value) && !item.value.isConstant {
                if !keys.contains(where: { $0.value == item.value }) {
                    keys.append(GroupBinding.Key(value: item.value, name: item.name))
                }
            }
            return GroupingSets(keys)
        case .elements(let elements):
            return try GroupingSets(elements, at: select.position) { syntax throws(PlannerError) in
                let key = try groupKey(syntax, list, binder: &binder)
                if binder.readsWindow(key.value) {
                    throw PlannerError(
                        .misplacedAggregate, "a window function cannot be a group key", at: syntax.position)
                }
                if binder.readsAggregate(key.value) {
                    throw PlannerError(
                        .misplacedAggregate, "an aggregate cannot be a group key", at: syntax.position)
                }
                return key
            }
        }
    }

    /// A column of the input before a select item of that name, as in PostgreSQL.
    private func groupKey(
        _ syntax: ExpressionSyntax, _ list: SelectItems, binder: inout ExpressionBinder
    ) throws(PlannerError) -> GroupBinding.Key {
        if let index = try Self.position(syntax, in: list.items.count, clause: "GROUP BY") {
            return GroupBinding.Key(value: list.items[index].value, name: list.items[index].name)
        }
        return GroupBinding.Key(value: try binder.bind(syntax), name: syntax.columnName)
    }
}

extension Expression {
    /// True when an aggregate's place is inside, before groups are bound.
    var readsAggregate: Bool {
        columns.contains { $0 >= ExpressionBinder.aggregateBase && $0 < Placeholder.subquery }
    }

    /// True when a window function's place is inside, before windows are in the plan.
    var readsWindow: Bool {
        columns.contains { $0 >= ExpressionBinder.windowBase && $0 < Placeholder.subquery }
    }
}

extension GroupingSyntax {
    /// Whether a key is a query in parentheses.
    fileprivate var hasQueryKey: Bool {
        guard case .elements(let elements) = self else { return false }
        return elements.contains { element in
            let keys =
                switch element {
                case .key(let key): [key]
                case .sets(let lists), .rollup(let lists), .cube(let lists): Array(lists.joined())
                }
            return keys.contains { if case .subquery = $0.kind { true } else { false } }
        }
    }
}
