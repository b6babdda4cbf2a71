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
///     filter (HAVING)
///     aggregate
///     input
struct SelectBinding {
    /// Of select items, and of keys in GROUP BY and ORDER BY: they are compared with each other.
    private static let itemLimit = 4_096
    private static let keyLimit = 256

    let context: BinderContext
    let scope: Scope

    func bind(
        _ select: SelectSyntax, over input: LogicalPlan, order: [OrderSyntax]
    ) throws(PlannerError) -> LogicalPlan {
        try refuseLater(select)
        try refuseLong(select, order)
        var binder = ExpressionBinder(context, scope: scope)
        let list = try SelectItems(select, binder: &binder)
        for item in list.items where item.isNamed && item.syntax != nil {
            if binder.aliases[item.name] == nil { binder.aliases[item.name] = item.value }
        }
        let having = try select.having.map { syntax throws(PlannerError) in
            try binder.bindCondition(syntax, for: "HAVING")
        }
        var sorting = try SortBinding(list, order, binder: &binder)
        let keys = try groupKeys(select, list, binder: &binder)

        var plan = input
        if let keys = keys ?? (binder.aggregates.isEmpty && having == nil ? nil : []) {
            let groups = GroupBinding(
                keys: keys, calls: binder.aggregates, positions: binder.columnPositions, scope: scope)
            plan = groups.plan(over: plan)
            if let having { plan = .filter(try groups.bind(having), plan) }
            var values: [Expression] = []
            for value in sorting.values { values.append(try groups.bind(value)) }
            sorting.values = values
        }
        plan = .project(Projection(sorting.values, names: sorting.names), plan)
        if select.distinct != nil {
            if let hidden = sorting.firstHidden {
                throw PlannerError(
                    .notGrouped, "with DISTINCT, ORDER BY takes only select items", at: hidden)
            }
            plan = Self.distinct(plan)
        }
        if !sorting.keys.isEmpty { plan = .sort(sorting.keys, plan) }
        if sorting.values.count > list.items.count {
            let visible = (0..<list.items.count).map { Expression.column($0, sorting.values[$0].type) }
            plan = .project(Projection(visible, names: list.items.map(\.name)), plan)
        }
        return plan
    }

    /// Each row once.
    static func distinct(_ plan: LogicalPlan) -> LogicalPlan {
        let fields = plan.schema.fields
        return .aggregate(
            Aggregation(
                keys: fields.enumerated().map { .column($0, $1.type) }, calls: [], names: fields.map(\.name)),
            plan)
    }

    private func refuseLater(_ select: SelectSyntax) throws(PlannerError) {
        if case .on = select.distinct { throw .unsupported("DISTINCT ON", at: select.position) }
        if let window = select.windows.first { throw .unsupported("WINDOW", at: window.name.position) }
        if let qualify = select.qualify { throw .unsupported("QUALIFY", at: qualify.position) }
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
    private func groupKeys(
        _ select: SelectSyntax, _ list: SelectItems, binder: inout ExpressionBinder
    ) throws(PlannerError) -> [GroupBinding.Key]? {
        switch select.grouping {
        case nil: return nil
        case .all:
            var keys: [GroupBinding.Key] = []
            for item in list.items where !item.value.readsAggregate && !item.value.isConstant {
                if !keys.contains(where: { $0.value == item.value }) {
                    keys.append(GroupBinding.Key(value: item.value, name: item.name))
                }
            }
            return keys
        case .elements(let elements):
            var keys: [GroupBinding.Key] = []
            for element in elements {
                guard case .key(let syntax) = element else {
                    throw .unsupported("GROUPING SETS, ROLLUP or CUBE", at: select.position)
                }
                let key = try groupKey(syntax, list, binder: &binder)
                if key.value.readsAggregate {
                    throw PlannerError(
                        .misplacedAggregate, "an aggregate cannot be a group key", at: syntax.position)
                }
                // The same key twice makes no more groups.
                if !keys.contains(where: { $0.value == key.value }) { keys.append(key) }
            }
            return keys
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
    var readsAggregate: Bool { columns.contains { $0 >= ExpressionBinder.aggregateBase } }
}
