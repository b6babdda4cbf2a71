import Columnar
import Kernels
import Plans

/// Joins subqueries to the rows whose expressions hold them; each gives a column behind the ones that are there.
struct AttachedSubqueries {
    private(set) var plan: LogicalPlan
    private let subqueries: [BoundSubquery]
    private let context: BinderContext
    /// An expression of the binder's scope over `plan`.
    private let read: (Expression) throws(PlannerError) -> Expression
    /// Where each answer stands.
    private var places: [Int: Expression] = [:]

    init(
        _ subqueries: [BoundSubquery], to plan: LogicalPlan, _ context: BinderContext,
        reading read: @escaping (Expression) throws(PlannerError) -> Expression = { $0 }
    ) {
        self.plan = plan
        self.subqueries = subqueries
        self.context = context
        self.read = read
    }

    /// The expression over the plan, with the subqueries it holds joined.
    mutating func bind(_ expression: Expression) throws(PlannerError) -> Expression {
        for index in expression.subqueries where places[index] == nil { try attach(index) }
        return resolved(expression)
    }

    /// As `bind`, for a condition over a join whose right side the plan is.
    mutating func bind(inOn condition: Expression, leftWidth: Int) throws(PlannerError) -> Expression {
        for index in condition.subqueries where places[index] == nil { try attach(index) }
        return condition.rewritten { part in
            guard case .column(let column, _) = part,
                let place = places[column - Placeholder.subquery]
            else { return part }
            return place.remapped { $0 + leftWidth }
        }
    }

    /// Keeps the rows where the condition, already over the plan, is true.
    mutating func filter(_ condition: Expression) throws(PlannerError) {
        // What holds no subquery first: fewer rows for the rest.
        let terms = condition.conjuncts
        let free = terms.filter { $0.subqueries.isEmpty }
        if let free = Expression.conjunction(free) { plan = .filter(free, plan) }
        for term in terms where !term.subqueries.isEmpty {
            if try filterByPartner(term) { continue }
            let bound = try bind(term)
            plan = .filter(bound, plan)
        }
    }

    /// `EXISTS`, `NOT EXISTS` and `IN` as a whole condition drop rows by themselves.
    private mutating func filterByPartner(_ term: Expression) throws(PlannerError) -> Bool {
        var kind = JoinKind.semi
        var value = term
        if case .call(.not, let arguments, _) = term {
            kind = .anti
            value = arguments[0]
        }
        guard case .column(let column, _) = value, let index = value.subqueries.first, places[index] == nil,
            column == Placeholder.subquery + index
        else { return false }
        switch subqueries[index].form {
        case .value: return false
        case .exists: try join(kind, on: nil, index)
        case .any(let condition):
            // What is unknown is no partner, and neither is it none.
            guard kind == .semi else { return false }
            try join(kind, on: try bind(try read(condition)), index)
        }
        return true
    }

    private mutating func attach(_ index: Int) throws(PlannerError) {
        let subquery = subqueries[index]
        var condition: Expression?
        if case .any(let comparison) = subquery.form { condition = try bind(try read(comparison)) }
        let width = plan.width
        switch subquery.form {
        case .value:
            try join(subquery.plan.hasOneRowAtMost ? .left : .single(subquery.place), on: nil, index)
        case .exists, .any: try join(.mark, on: condition, index)
        }
        places[index] = .column(width, plan.schema.fields[width].type)
    }

    private mutating func join(
        _ kind: JoinKind, on condition: Expression?, _ index: Int
    ) throws(PlannerError) {
        try context.settings.interruption.check()
        var outer: [Int: Expression] = [:]
        for (number, value) in subqueries[index].outer { outer[number] = try read(value) }
        var decorrelation = Decorrelation(left: plan, outer: outer, context: context)
        plan = try decorrelation.join(kind, on: condition, subqueries[index].plan)
    }

    private func resolved(_ expression: Expression) -> Expression {
        expression.rewritten { part in
            guard case .column(let column, _) = part else { return part }
            return places[column - Placeholder.subquery] ?? part
        }
    }
}
