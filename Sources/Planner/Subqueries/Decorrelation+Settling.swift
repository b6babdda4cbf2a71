import Columnar
import Kernels
import Plans

/// Gives parts of a subquery the values of outer columns as columns of their own.
extension Decorrelation {
    /// After this the part's ties say only which of its columns equals which outer value, for the wanted numbers and for
    /// those the ties read; the answer is these columns.
    func settle(_ part: inout Part, _ wanted: Set<Int>) throws(PlannerError) -> [Int: Expression] {
        let all = wanted.union(numbers(in: part.ties))
        if all.isEmpty { return [:] }
        if let places = settleByEqualities(&part, all, wanted) { return places }
        return try settleByDomain(&part, all.union(all.compactMap { identities[$0] }).sorted())
    }

    /// `inner.k = outer.k` makes `inner.k` the outer value; nil when a number has no such tie.
    ///
    /// Where values may be equal and not the same, it does so only for the tie itself: who computes with a month wants no
    /// thirty days.
    private func settleByEqualities(
        _ part: inout Part, _ all: Set<Int>, _ wanted: Set<Int>
    ) -> [Int: Expression]? {
        var values: [Int: Expression] = [:]
        var isStrict: [Int: Bool] = [:]
        var chosen = Set<Int>()
        for (index, tie) in part.ties.enumerated() {
            guard case .call(let function, let sides, _) = tie,
                function == .equal || function == .isNotDistinctFrom,
                let (number, value) = tied(sides), values[number] == nil
            else { continue }
            values[number] = value
            isStrict[number] = function == .equal
            chosen.insert(index)
        }
        guard all.allSatisfy({ values[$0] != nil }) else { return nil }
        let rest = part.ties.indices.filter { !chosen.contains($0) }.map { part.ties[$0] }
        let computed = wanted.union(numbers(in: rest.flatMap(\.computed)))
        guard computed.allSatisfy({ identities[$0].map { all.contains($0) } ?? true }) else { return nil }
        var filters = rest.map { $0.withOuter(values) }
        var added: [Expression] = []
        let width = part.plan.schema.count
        var places: [Int: Expression] = [:]
        for number in all.sorted() {
            guard let value = values[number] else { continue }
            if isStrict[number] == true { filters.append(.call(.isNotNull, [value], .boolean)) }
            if value.isColumn {
                places[number] = value
            } else {
                places[number] = .column(width + added.count, value.type)
                added.append(value)
            }
        }
        if let condition = Expression.conjunction(filters) { part.plan = .filter(condition, part.plan) }
        if !added.isEmpty {
            part.plan = part.plan.appending(added, names: added.indices.map { "outer_value\($0)" })
        }
        part.ties = ties(all.sorted(), places) { isStrict[$0] == true ? .equal : .isNotDistinctFrom }
        return places
    }

    /// Joins all distinct values that the outer rows have.
    func settleByDomain(
        _ part: inout Part, _ all: [Int]
    ) throws(PlannerError) -> [Int: Expression] {
        let width = part.plan.schema.count
        var places: [Int: Expression] = [:]
        for (index, number) in all.enumerated() {
            places[number] = .column(width + index, outer[number]?.type ?? .null)
        }
        let terms = part.ties.map { $0.withOuter(places) }
        part.plan = .join(.inner, Expression.conjunction(terms), part.plan, try domain(all))
        part.ties = ties(all, places) { _ in .isNotDistinctFrom }
        return places
    }

    private func ties(
        _ all: [Int], _ places: [Int: Expression], _ function: (Int) -> ScalarFunction
    ) -> [Expression] {
        all.compactMap { number in
            places[number].map { .call(function(number), [.column(number, $0.type), $0], .boolean) }
        }
    }

    /// The number and the value that two sides of an equality tie to each other.
    func tied(_ sides: [Expression]) -> (Int, Expression)? {
        for (side, value) in [(sides[0], sides[1]), (sides[1], sides[0])] {
            if case .column(let number, let type) = side, outer[number] != nil, value.type == type,
                numbers(in: value).isEmpty, !value.isVolatile,
                // A value of a query still further out alone says nothing of the part's rows.
                value.columns.contains(where: { $0 < Placeholder.subquery })
            {
                return (number, value)
            }
        }
        return nil
    }

    /// The distinct outer values, a column a number.
    private func domain(_ all: [Int]) throws(PlannerError) -> LogicalPlan {
        let values = all.map { outer[$0] ?? .true }
        let names = all.map { "outer\($0)" }
        let needed = values.reduce(into: Set<Int>()) { $0.formUnion($1.columns) }
        let source = around.source(of: needed, sharedIn: context.shared)
        // Each such copy doubles what later ones copy.
        context.counts.add(nodes: source.nodeCount(upTo: QueryBinder.nodeLimit))
        guard context.counts.nodes <= QueryBinder.nodeLimit else {
            throw PlannerError(
                .unsupported, "the query grows too large", ["limit": QueryBinder.nodeLimit], at: nil,
                hint: "tie subqueries to the rows around by equalities")
        }
        let rows = LogicalPlan.project(Projection(values, names: names), source)
        return SelectBinding.distinct(rows)
    }

    /// The part with a row for each outer row that had only an absent one.
    func materialised(_ part: Part, width: Int) throws(PlannerError) -> Part {
        var part = part
        let places = try settle(&part, [])
        guard let absent = part.absent, !places.isEmpty else {
            part.absent = nil
            return part
        }
        let all = places.keys.sorted()
        let there = part.plan.appending([.true], names: ["is_there"])
        let shift = all.count
        let terms = all.enumerated().compactMap { index, number -> Expression? in
            places[number].map { place in
                .call(
                    .isNotDistinctFrom,
                    [
                        .column(index, place.type),
                        place.remapped { $0 >= Placeholder.subquery ? $0 : $0 + shift },
                    ], .boolean)
            }
        }
        let joined = LogicalPlan.join(.left, Expression.conjunction(terms), try domain(all), there)
        let marker = Expression.column(shift + there.schema.count - 1, .boolean)
        let isMissing = Expression.call(.isNull, [marker], .boolean)
        let fields = part.plan.schema.fields
        let values = (0..<width).map { index -> Expression in
            let type = fields[index].type
            return .caseWhen(
                [CaseBranch(condition: isMissing, value: absent[index])],
                otherwise: .column(shift + index, type), type)
        }
        let numbers = all.indices.map { Expression.column($0, joined.schema.fields[$0].type) }
        let plan = LogicalPlan.project(
            Projection(
                values + numbers, names: fields.prefix(width).map(\.name) + all.map { "outer\($0)" }), joined)
        return Part(plan: plan, ties: ties(all, behind: width))
    }

    /// Nil when it is not constant or cannot be computed.
    func constant(_ expression: Expression) -> Scalar? {
        do throws(KernelError) {
            return try context.folding.value(of: expression)
        } catch {
            return nil
        }
    }
}

extension Expression {
    /// Itself, or of a comparison the sides that compute something: comparing takes equal values for the same.
    fileprivate var computed: [Expression] {
        guard case .call(let function, let sides, _) = self else { return [self] }
        switch function {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .isNotDistinctFrom,
            .isDistinctFrom:
            return sides.filter { !$0.isColumn }
        default: return [self]
        }
    }
}
