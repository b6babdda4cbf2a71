import Columnar
import Kernels
import Plans

/// Joins a subquery to the rows around it, so that it no longer reads them.
///
/// The subquery is pushed through from its root: its conditions that read outer columns ("ties") rise to the join. What
/// cannot let them pass, such as an aggregate, is first given the outer columns' values as columns of its own: by an equality
/// among the ties (`inner.k = outer.k` makes `inner.k` such a column), or else by a join with all distinct values that
/// the rows around have. Docs/decisions/0009-subqueries.md tells why.
struct Decorrelation {
    let around: RowsAround
    /// What stands behind each number of an outer column, over the rows around.
    private(set) var outer: [Int: Expression] = [:]
    /// For outer columns whose values may be equal and not the same, the number of what tells those apart.
    private(set) var identities: [Int: Int] = [:]
    let context: BinderContext

    init(left: LogicalPlan, outer: [Int: Expression], context: BinderContext) {
        around = RowsAround(left)
        self.context = context
        for (number, value) in outer.sorted(by: { $0.key < $1.key }) { add(number, value) }
    }

    private mutating func add(_ number: Int, _ value: Expression) {
        outer[number] = value
        guard let identity = value.identity else { return }
        let other = Placeholder.outer + context.counts.nextOuter()
        outer[other] = identity
        identities[number] = other
    }

    /// A plan whose rows are tied to the rows around by conditions.
    struct Part {
        /// Its first columns are those of the plan it stands for.
        var plan: LogicalPlan
        /// Over the plan's columns and outer numbers.
        var ties: [Expression] = []
        /// The row that an outer row has which no row is tied to: an aggregate of nothing. Nil for no row.
        var absent: [Expression]?
    }

    /// - Parameter condition: over `left`, and from `Placeholder.inner` on over the subquery's columns.
    /// - Returns: the columns of `left`, then those that the kind gives.
    mutating func join(
        _ kind: JoinKind, on condition: Expression?, _ query: LogicalPlan
    ) throws(PlannerError) -> LogicalPlan {
        let query = hoistCasts(query)
        if kind == .inner || kind == .left || kind == .single() {
            return try joinValues(kind, on: condition, query)
        }
        var part = try push(query)
        if part.absent != nil { part = try materialised(part, width: query.width) }
        let left = around.plan
        let width = left.width
        let ties = part.ties.map { joined($0, width: width) }
        // A row that is not tied is no row of the list; only the comparison itself may be unknown.
        let filters = kind == .mark ? ties.map { .call(.isTrue, [$0], .boolean) } : ties
        let terms = filters + (condition.map { [withInner($0, at: width)] } ?? [])
        return .join(kind, Expression.conjunction(terms), left, part.plan)
    }

    /// The last projections of the subquery are computed after the join: then they see only rows that matter, and outer
    /// columns as they are.
    private func joinValues(
        _ kind: JoinKind, on condition: Expression?, _ query: LogicalPlan
    ) throws(PlannerError) -> LogicalPlan {
        var projections: [Projection] = []
        var source = query
        if reads(query) {
            while case .project(let projection, let input) = source,
                !projection.expressions.contains(where: \.isVolatile)
            {
                projections.insert(projection, at: 0)
                source = input
            }
        }
        var part = try push(source)
        let width = around.plan.width
        let sourceWidth = source.width
        // An absent row is no match to the join, so it cannot meet a condition there.
        if condition != nil, part.absent != nil { part = try materialised(part, width: sourceWidth) }
        let isPadded = kind != .inner || part.absent != nil
        var marker: Int?
        // Only the part's own columns are null by themselves where the join finds no row.
        let isPlain = projections.allSatisfy { $0.expressions.allSatisfy(\.isOwnColumn) }
        if isPadded, !isPlain || part.absent?.contains(where: { $0.literalValue != .null }) == true {
            marker = width + part.plan.schema.count
            part.plan = part.plan.appending([.true], names: ["is_there"])
        }
        var inner = (0..<sourceWidth).map { index in
            Expression.column(width + index, source.schema.fields[index].type)
        }
        var absent = part.absent ?? source.schema.fields.map { .null($0.type) }
        for projection in projections {
            inner = projection.expressions.map { $0.substituted(inner).withOuter(outer) }
            absent = projection.expressions.map { $0.substituted(absent).withOuter(outer) }
        }
        if part.absent == nil { absent = inner.map { .null($0.type) } }
        var terms = part.ties.map { joined($0, width: width) }
        if let condition { terms.append(condition.withInner(inner)) }
        let left = around.plan
        let joinKind: JoinKind = kind == .inner && part.absent != nil ? .left : kind
        let plan = LogicalPlan.join(joinKind, Expression.conjunction(terms), left, part.plan)
        let fields = left.schema.fields
        let values = zip(inner, absent).map { value, absent -> Expression in
            guard let marker else { return value }
            let isThere = Expression.call(.isNull, [.column(marker, .boolean)], .boolean)
            return .caseWhen([CaseBranch(condition: isThere, value: absent)], otherwise: value, value.type)
        }
        let columns = fields.enumerated().map { Expression.column($0, $1.type) } + values
        let names = fields.map(\.name) + query.schema.fields.map(\.name)
        return .project(Projection(columns, names: names), plan)
    }

    /// A tie over `left` and then the part's columns.
    private func joined(_ tie: Expression, width: Int) -> Expression {
        tie.rewritten { expression in
            guard case .column(let index, let type) = expression else { return expression }
            return outer[index] ?? (index < Placeholder.subquery ? .column(width + index, type) : expression)
        }
    }

    private func withInner(_ condition: Expression, at width: Int) -> Expression {
        condition.rewritten { expression in
            guard case .column(let index, let type) = expression, index >= Placeholder.inner else {
                return expression
            }
            return .column(width + index - Placeholder.inner, type)
        }
    }

    /// Numbers in `expression` that belong to the rows around.
    func numbers(in expression: Expression) -> Set<Int> { expression.columns.filter { outer[$0] != nil } }

    func numbers(in expressions: [Expression]) -> Set<Int> {
        expressions.reduce(into: []) { $0.formUnion(numbers(in: $1)) }
    }

    func reads(_ plan: LogicalPlan) -> Bool {
        var found = false
        plan.visitExpressions { if !numbers(in: $0).isEmpty { found = true } }
        if found { return true }
        if case .shared(let rows) = plan { return around.reads(rows, in: context.shared, reads) }
        if case .workingTable(let table) = plan { return around.workingTables[table.id] != nil }
        return plan.inputs.contains(where: reads)
    }

    /// Widening casts of outer columns are outer columns themselves: then `inner.long = outer.int` ties column to column.
    private mutating func hoistCasts(_ plan: LogicalPlan) -> LogicalPlan {
        var hoisted: [Expression: Expression] = [:]
        return plan.rewritten { node in
            node.mapExpressions { expression in
                expression.rewritten { part in
                    guard case .cast(.column(let number, let narrow), let wide, false) = part,
                        let value = outer[number], Coercion.isImplicit(narrow, to: wide)
                    else { return part }
                    if let known = hoisted[part] { return known }
                    let column = Expression.column(Placeholder.outer + context.counts.nextOuter(), wide)
                    hoisted[part] = column
                    for case .column(let new, _) in [column] {
                        add(new, .cast(value, to: wide, isTry: false))
                    }
                    return column
                }
            }
        }
    }
}

extension Expression {
    var isColumn: Bool { if case .column = self { true } else { false } }

    /// Whether it is a column of the plan below, not one of a query further out.
    fileprivate var isOwnColumn: Bool {
        if case .column(let column, _) = self { column < Placeholder.subquery } else { false }
    }

    /// With these in place of the subquery's columns.
    fileprivate func withInner(_ values: [Expression]) -> Expression {
        rewritten { expression in
            guard case .column(let index, _) = expression, index >= Placeholder.inner else {
                return expression
            }
            return values[index - Placeholder.inner]
        }
    }
}

extension LogicalPlan {
    /// The node's own expressions, not those of its inputs.
    func visitExpressions(_ body: (Expression) -> Void) {
        _ = mapExpressions { expression in
            body(expression)
            return expression
        }
    }

    /// How many nodes it has; counting stops at the limit.
    func nodeCount(upTo limit: Int) -> Int {
        var count = 1
        for input in inputs where count < limit { count += input.nodeCount(upTo: limit - count) }
        return count
    }

    /// The same rows with columns behind theirs.
    func appending(_ values: [Expression], names: [String]) -> LogicalPlan {
        let fields = schema.fields
        return .project(
            Projection(
                fields.enumerated().map { .column($0, $1.type) } + values, names: fields.map(\.name) + names),
            self)
    }
}
