import Columnar
import Kernels
import Plans
import SQLSyntax

/// Turns a query's syntax into a logical plan.
struct QueryBinder {
    /// WITH tables that double each other would otherwise double the plan for ever.
    static let nodeLimit = 10_000

    var context: BinderContext
    /// Tables of the same FROM that LATERAL may read, the nearest last.
    private var lateral: [OuterFrame] = []

    init(_ context: BinderContext) { self.context = context }

    mutating func bind(_ query: QuerySyntax) throws(PlannerError) -> LogicalPlan {
        let visible = context.commonTables.count
        defer { context.commonTables.removeLast(context.commonTables.count - visible) }
        var names = Set<String>()
        for (index, table) in query.commonTables.enumerated() {
            guard names.insert(table.name.text.lowercased()).inserted else {
                throw PlannerError(
                    .unlikeShape, "WITH has two queries of this name", ["name": "\(table.name)"],
                    at: table.name.position)
            }
            let before = context.counts.nodes
            var plan: LogicalPlan
            if query.isRecursive, let recursion = try bindRecursive(table) {
                plan = recursion
            } else {
                plan = try bind(table.query)
                if !table.columns.isEmpty { plan = try renamed(plan, table.columns, what: "WITH") }
            }
            var nodeCount = context.counts.nodes - before + 1
            if isShared(table, plan, after: index, in: query) {
                plan = context.shared.share(plan)
                nodeCount = 1
            }
            context.commonTables.append(
                BinderContext.CommonTable(name: table.name.text, plan: plan, nodeCount: nodeCount))
        }
        let limits = try LimitBinding(query, context)
        let plan: LogicalPlan
        if case .select(let select) = query.body {
            plan = try bind(select, order: query.order, limits)
        } else {
            plan = try ordered(try bind(query.body), by: query.order, limits)
        }
        guard !limits.looksAtOrder, let window = limits.window else { return plan }
        return .limit(window, plan)
    }

    /// Whether all that read a WITH query must see the same rows of it, and might not if each computed them by itself.
    private func isShared(
        _ table: QuerySyntax.CommonTable, _ plan: LogicalPlan, after index: Int, in query: QuerySyntax
    ) -> Bool {
        if let isMaterialized = table.isMaterialized { return isMaterialized }
        if plan.isStable { return false }
        var collector = TableNameCollector()
        var rest = query
        rest.commonTables.removeFirst(index + 1)
        collector.visit(rest)
        let readers = collector.mentions[table.name.text.lowercased()] ?? 0
        // A recursive query reads it in every round.
        return readers > 1 || readers == 1 && query.isRecursive
    }

    mutating func bind(_ body: QueryBodySyntax) throws(PlannerError) -> LogicalPlan {
        switch body {
        case .select(let select): return try bind(select, order: [], nil)
        case .query(let query): return try bind(query)
        case .values(let rows): return try ValuesBinding(context: context).bind(rows)
        case .combined(let setOperator, let isAll, let left, let right):
            let sides = (left: try bind(left), right: try bind(right))
            return try SetOperation(
                context: context, name: setOperator, isAll: isAll, position: body.position,
                sides: [left.position, right.position]
            )
            .plan(sides.left, sides.right)
        }
    }

    private mutating func bind(
        _ select: SelectSyntax, order: [OrderSyntax], _ limits: LimitBinding?
    ) throws(PlannerError) -> LogicalPlan {
        let (input, scope) = try source(select.from)
        var plan = input
        if let condition = select.condition {
            var binder = ExpressionBinder(context, scope: scope, aggregateFreeClause: "WHERE")
            let bound = try binder.bindCondition(condition, for: "WHERE")
            plan = try filtered(plan, by: bound, binder.subqueries)
        }
        try countNode(at: select.position)
        return try SelectBinding(context: context, scope: scope).bind(
            select, over: plan, order: order, limits)
    }

    /// Only rows for which the condition is true; subqueries in it are joined and their columns dropped.
    private func filtered(
        _ plan: LogicalPlan, by condition: Expression, _ subqueries: [BoundSubquery]
    ) throws(PlannerError) -> LogicalPlan {
        if subqueries.isEmpty { return .filter(condition, plan) }
        var attached = AttachedSubqueries(subqueries, to: plan, context)
        try attached.filter(condition)
        return attached.plan.reordered(Array(0..<plan.width))
    }

    private mutating func countNode(_ count: Int = 1, at position: TextPosition) throws(PlannerError) {
        try context.settings.interruption.check()
        context.counts.add(nodes: count)
        guard context.counts.nodes <= Self.nodeLimit else {
            throw PlannerError(
                .unsupported, "the query grows too large", ["limit": Self.nodeLimit], at: position)
        }
    }

    private mutating func source(_ from: [TableSyntax]) throws(PlannerError) -> (LogicalPlan, Scope) {
        guard let first = from.first else { return (.values(.oneRow), Scope()) }
        let around = lateral
        lateral = []
        defer { lateral = around }
        var left = try source(first)
        for table in from.dropFirst() {
            // A table function sees the tables to its left.
            if case .function(let call, _, let alias) = table {
                try countNode(at: table.position)
                left = try TableFunctionBinding(context: context, call: call)
                    .bind(over: left, alias: alias, keepsEmpty: false)
                continue
            }
            let (right, frame) = try source(table, beside: left.1)
            try countNode(at: table.position)
            let scope = try left.1.joined(with: right.1, at: table.position)
            let joining = JoinBinding(context: context, frame: frame, position: table.position)
            left = (try joining.plan(.inner, nil, left.0, right.0), scope)
        }
        return left
    }

    /// A table that may read those before it, and what it read of them.
    private mutating func source(
        _ table: TableSyntax, beside left: Scope
    ) throws(PlannerError) -> (right: (LogicalPlan, Scope), frame: OuterFrame) {
        let frame = OuterFrame(left, OuterNumbers(context.counts))
        lateral.append(frame)
        defer { lateral.removeLast() }
        return (try source(table), frame)
    }

    private mutating func source(_ table: TableSyntax) throws(PlannerError) -> (LogicalPlan, Scope) {
        switch table {
        case .named(let table): return try named(table)
        case .subquery(let query, let isLateral, let alias):
            let plan: LogicalPlan
            if isLateral {
                var binder = QueryBinder(context.inside(lateral))
                plan = try binder.bind(query)
            } else {
                plan = try bind(query)
            }
            return (plan, try Scope(plan.schema, fullName: [], alias: alias))
        case .function(let call, _, let alias):
            return try TableFunctionBinding(context: context, call: call)
                .bind(over: (.values(.oneRow), Scope()), alias: alias, keepsEmpty: false)
        case .join(let join):
            let left = try source(join.left)
            if case .function(let call, _, let alias) = join.right {
                try countNode(at: join.position)
                return try functionJoin(join, left, call, alias)
            }
            let (right, frame) = try source(join.right, beside: left.1)
            try countNode(at: join.position)
            return try JoinBinding(context: context, frame: frame, position: join.position).bind(
                join, left, right)
        }
    }

    /// A join with a function of the left side's columns.
    private mutating func functionJoin(
        _ join: JoinSyntax, _ left: (LogicalPlan, Scope), _ call: CallSyntax, _ alias: TableAliasSyntax?
    ) throws(PlannerError) -> (LogicalPlan, Scope) {
        let isLeft = join.kind == .left
        let function = TableFunctionBinding(context: context, call: call)
        let isKept = join.kind != .right && join.kind != .full
        switch join.condition {
        case .none where isKept:
            return try function.bind(over: left, alias: alias, keepsEmpty: isLeft)
        case .on(let syntax) where isKept:
            let (plan, scope) = try function.bind(over: left, alias: alias, keepsEmpty: isLeft)
            var binder = ExpressionBinder(context, scope: scope, aggregateFreeClause: "ON")
            let condition = try binder.bindCondition(syntax, for: "ON")
            if condition == .true { return (plan, scope) }
            if isLeft || !binder.subqueries.isEmpty { return try joinAsQuery(join, left, call, alias) }
            if condition.tiesByEquality(at: left.0.width), let alone = plan.rowsMadeAlone {
                return (.join(.inner, condition, left.0, alone), scope)
            }
            return (.filter(condition, plan), scope)
        default: return try joinAsQuery(join, left, call, alias)
        }
    }

    /// The join with `LATERAL (SELECT * FROM function(…))`: as any other table, with any condition.
    private mutating func joinAsQuery(
        _ join: JoinSyntax, _ left: (LogicalPlan, Scope), _ call: CallSyntax, _ alias: TableAliasSyntax?
    ) throws(PlannerError) -> (LogicalPlan, Scope) {
        let table = TableSyntax.function(call, isLateral: false, alias: alias)
            .inLateralQuery(named: alias?.name ?? call.function.last)
        let (right, frame) = try source(table, beside: left.1)
        return try JoinBinding(context: context, frame: frame, position: join.position).bind(
            join, left, right)
    }

    private mutating func named(_ table: NamedTableSyntax) throws(PlannerError) -> (LogicalPlan, Scope) {
        if table.name.parts.count == 1 {
            let name = table.name.last.text
            let commonTables = context.commonTables
            let names = commonNames
            let found = names.lastIndex(of: name) ?? names.lastIndex { $0.lowercased() == name.lowercased() }
            if let found {
                if table.version != nil {
                    throw .unsupported("time travel of a WITH query", at: table.name.position)
                }
                try countNode(commonTables[found].nodeCount, at: table.name.position)
                let plan = commonTables[found].plan
                return (plan, try Scope(plan.schema, fullName: [name], alias: table.alias))
            }
        }
        return try stored(table)
    }

    var commonNames: [String] { context.commonTables.map(\.name) }

    func renamed(
        _ plan: LogicalPlan, _ names: [Identifier], what: String
    ) throws(PlannerError) -> LogicalPlan {
        let fields = plan.schema.fields
        guard names.count == fields.count else {
            throw PlannerError(
                .unlikeShape, "\(what) names another number of columns than its query has",
                ["names": names.count, "columns": fields.count], at: names.first?.position)
        }
        return .project(
            Projection(
                fields.enumerated().map { .column($0, $1.type) }, names: names.map(\.text)), plan)
    }

    func cast(_ plan: LogicalPlan, to types: [DataType], names: [String]) -> LogicalPlan {
        let fields = plan.schema.fields
        if zip(fields, types).allSatisfy({ $0.type == $1 }), fields.map(\.name) == names { return plan }
        let values = zip(fields, types).enumerated().map { index, pair -> Expression in
            let column = Expression.column(index, pair.0.type)
            return pair.0.type == pair.1 ? column : .cast(column, to: pair.1, isTry: false)
        }
        return .project(Projection(values, names: names), plan)
    }

    /// ORDER BY over a UNION or VALUES: positions and names of its columns, or expressions over them.
    private func ordered(
        _ plan: LogicalPlan, by order: [OrderSyntax], _ limits: LimitBinding
    ) throws(PlannerError) -> LogicalPlan {
        if order.isEmpty { return limits.looksAtOrder ? try limits.plan(over: plan, by: []) : plan }
        let scope = try Scope(plan.schema, fullName: [], alias: nil)
        var binder = ExpressionBinder(context, scope: scope, aggregateFreeClause: "ORDER BY here")
        var keys: [SortKey] = []
        for element in order {
            if element.isEveryColumn {
                keys += plan.schema.fields.enumerated().map { index, field in
                    SortKey(
                        .column(index, field.type), isDescending: element.isDescending,
                        nullsFirst: element.nullsFirst)
                }
                continue
            }
            let value: Expression
            if let index = try SelectBinding.position(
                element.value, in: plan.schema.count, clause: "ORDER BY")
            {
                value = .column(index, plan.schema.fields[index].type)
            } else {
                value = try binder.bind(element.value)
            }
            keys.append(SortKey(value, isDescending: element.isDescending, nullsFirst: element.nullsFirst))
        }
        var attached = AttachedSubqueries(binder.subqueries, to: plan, context)
        for index in keys.indices { keys[index].expression = try attached.bind(keys[index].expression) }
        var sorted = limits.sortsByItself ? attached.plan : .sort(keys, attached.plan)
        if limits.looksAtOrder { sorted = try limits.plan(over: sorted, by: keys) }
        return sorted.reordered(Array(0..<plan.schema.count))
    }
}

extension QueryBodySyntax {
    var position: TextPosition? {
        switch self {
        case .select(let select): select.position
        case .values(let rows): rows.first?.first?.position
        case .combined(_, _, _, let right): right.position
        case .query(let query): query.position
        }
    }
}

extension LogicalPlan {
    /// The rows that a function makes, without those beside which it stands; nil where it reads them, or makes others each time.
    fileprivate var rowsMadeAlone: LogicalPlan? {
        guard case .unnest(let unnesting, _) = self else { return nil }
        let values = unnesting.items.flatMap(\.expressions)
        guard values.allSatisfy({ $0.columns.isEmpty && !$0.isVolatile }) else { return nil }
        return .unnest(unnesting, .values(.oneRow))
    }
}

extension Expression {
    /// Whether it holds only where something of the columns before `width` equals something of those behind: then rows are
    /// found by it, and not every pair is tried.
    fileprivate func tiesByEquality(at width: Int) -> Bool {
        conjuncts.contains { term in
            guard case .call(.equal, let sides, _) = term else { return false }
            let columns = sides.map(\.columns)
            return columns.allSatisfy { !$0.isEmpty }
                && (columns[0].allSatisfy { $0 < width } && columns[1].allSatisfy { $0 >= width }
                    || columns[1].allSatisfy { $0 < width } && columns[0].allSatisfy { $0 >= width })
        }
    }
}
