import Columnar
import Kernels
import Plans
import SQLSyntax

/// Binds one JOIN over its bound sides.
///
/// Columns that USING and NATURAL merge are one for `*` and for bare names: the side that is never padded, or in a FULL
/// JOIN whichever is not null. With a table's name before them both stay what they are.
struct JoinBinding {
    typealias Side = (plan: LogicalPlan, scope: Scope)

    let context: BinderContext
    /// What the right side reads of the left one.
    let frame: OuterFrame
    let position: TextPosition

    func bind(_ join: JoinSyntax, _ left: Side, _ right: Side) throws(PlannerError) -> Side {
        let kind: JoinKind =
            switch join.kind {
            case .inner, .cross: .inner
            case .left: .left
            case .right: .right
            case .full: .full
            }
        let scope = try left.scope.joined(with: right.scope, at: join.right.position)
        switch join.condition {
        case .none: return (try plan(kind, nil, left.plan, right.plan), scope)
        case .on(let syntax):
            var binder = ExpressionBinder(context, scope: scope, aggregateFreeClause: "ON")
            let condition = try binder.bindCondition(syntax, for: "ON")
            if binder.subqueries.isEmpty {
                return (try plan(kind, condition, left.plan, right.plan), scope)
            }
            let joining = try withSubqueries(kind, condition, binder.subqueries, left.plan, right.plan)
            return (joining, scope)
        case .using(let names):
            var seen = Set<String>()
            for name in names where !seen.insert(name.text.lowercased()).inserted {
                throw PlannerError(
                    .unlikeShape, "USING names a column twice", ["column": name.text], at: name.position)
            }
            return try merge(names, kind, left, right, scope)
        case .natural:
            let names = try commonNames(left.scope, right.scope, at: join.position)
            context.notes?.note(naturalJoin: join.position, names)
            return try merge(names, kind, left, right, scope)
        }
    }

    /// The join, of a right side that may read the left one.
    func plan(
        _ kind: JoinKind, _ condition: Expression?, _ left: LogicalPlan, _ right: LogicalPlan
    ) throws(PlannerError) -> LogicalPlan {
        if frame.values.isEmpty { return .join(kind, condition, left, right) }
        guard kind == .inner || kind == .left else {
            throw PlannerError(
                .unlikeShape, "LATERAL reads rows that this join may not have",
                ["join": kind.rawValue], at: position, hint: "use JOIN or LEFT JOIN")
        }
        let width = left.schema.count
        let inner = condition?.remapped {
            $0 < width || $0 >= Placeholder.subquery ? $0 : Placeholder.inner + $0 - width
        }
        var decorrelation = Decorrelation(left: left, outer: frame.values, context: context)
        return try decorrelation.join(kind, on: inner, right)
    }

    /// Whichever side of a FULL JOIN is not null.
    private func coalesced(
        _ values: [Expression], at position: TextPosition
    ) throws(PlannerError) -> Expression {
        let (unified, type) = try context.coercion.unify(values, at: [position, position], for: "USING")
        return .call(.coalesce, unified, type)
    }

    /// ON with subqueries: of an inner join they filter its pairs, of others they may read the right side.
    private func withSubqueries(
        _ kind: JoinKind, _ condition: Expression, _ subqueries: [BoundSubquery], _ left: LogicalPlan,
        _ right: LogicalPlan
    ) throws(PlannerError) -> LogicalPlan {
        let width = left.schema.count
        let all = width + right.schema.count
        if kind == .inner {
            let free = condition.conjuncts.filter { $0.subqueries.isEmpty }
            var attached = AttachedSubqueries(
                subqueries, to: try plan(kind, Expression.conjunction(free), left, right), context)
            for term in condition.conjuncts where !term.subqueries.isEmpty { try attached.filter(term) }
            return attached.plan.reordered(Array(0..<all))
        }
        let position = position
        var attached = AttachedSubqueries(subqueries, to: right, context) {
            value throws(PlannerError) -> Expression in
            guard value.columns.allSatisfy({ $0 >= width }) else {
                throw .unsupported("a subquery over the left side in ON of an outer join", at: position)
            }
            return value.remapped { $0 < Placeholder.subquery ? $0 - width : $0 }
        }
        var terms: [Expression] = []
        for term in condition.conjuncts {
            terms.append(try attached.bind(inOn: term, leftWidth: width))
        }
        let joined = LogicalPlan.join(kind, Expression.conjunction(terms), left, attached.plan)
        return joined.reordered(Array(0..<all))
    }

    /// The names both sides have, in the order of the left one.
    private func commonNames(
        _ left: Scope, _ right: Scope, at position: TextPosition
    ) throws(PlannerError) -> [Identifier] {
        let rightNames = Set(try right.positions(of: nil).map { right.columns[$0].name.lowercased() })
        return try left.positions(of: nil).map { left.columns[$0].name }
            .filter { rightNames.contains($0.lowercased()) }
            .map { Identifier($0, at: position) }
    }

    private func merge(
        _ names: [Identifier], _ kind: JoinKind, _ left: Side, _ right: Side, _ scope: Scope
    ) throws(PlannerError) -> Side {
        let width = left.scope.columns.count
        var columns = scope.columns
        var star: [Int] = []
        var terms: [Expression] = []
        // Values that neither side has as a column.
        var computed: [(name: String, value: Expression)] = []
        for name in names {
            let first = try column(name, of: left.scope, "left")
            let second = try column(name, of: right.scope, "right") + width
            let sides = [first, second].map { Expression.column($0, columns[$0].type) }
            let equal = try OperatorBinding(
                context: context, position: name.position, positions: [name.position, name.position]
            ).compare(.equal, sides)
            terms.append(equal)
            columns[first].isMerged = true
            columns[second].isMerged = true
            let kept = kind == .right ? second : first
            let values = equal.children
            if kind != .full, values[kept == first ? 0 : 1] == sides[kept == first ? 0 : 1] {
                columns[kept].isMerged = false
                star.append(kept)
                continue
            }
            star.append(columns.count + computed.count)
            let value: Expression =
                switch kind {
                case .full: try coalesced(values, at: name.position)
                case .right: values[1]
                default: values[0]
                }
            computed.append((columns[first].name, value))
        }
        let merged = Set(star)
        star += try scope.positions(of: nil).filter { !columns[$0].isMerged && !merged.contains($0) }
        var plan = try plan(kind, Expression.conjunction(terms), left.plan, right.plan)
        if !computed.isEmpty {
            let fields = plan.schema.fields
            let values = fields.enumerated().map { Expression.column($0, $1.type) } + computed.map(\.value)
            plan = .project(Projection(values, names: fields.map(\.name) + computed.map(\.name)), plan)
            columns += computed.map {
                Scope.Column(qualifiers: [], name: $0.name, type: $0.value.type, isRequired: false)
            }
        }
        return (plan, Scope(columns: columns, star: star))
    }

    private func column(
        _ name: Identifier, of scope: Scope, _ side: String
    ) throws(PlannerError) -> Int {
        let positions = try scope.positions(of: nil)
        let names = positions.map { scope.columns[$0].name }
        switch NameMatch.find(name.text, among: names) {
        case .found(let index): return positions[index]
        case .ambiguous:
            throw PlannerError(
                .ambiguousColumn, "several columns of the join's \(side) side have this name",
                ["column": name.text], at: name.position, hint: "join them with ON")
        case .missing:
            throw PlannerError(
                .unknownColumn, "the join's \(side) side has no such column", ["column": name.text],
                at: name.position, hint: NameMatch.hint(name.text, among: names))
        }
    }
}
