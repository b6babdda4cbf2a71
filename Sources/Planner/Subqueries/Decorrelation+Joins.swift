import Columnar
import Kernels
import Plans

/// Joins inside a subquery, with sides or conditions that read outer columns.
extension Decorrelation {
    func push(
        _ kind: JoinKind, _ terms: [Expression], _ leftPlan: LogicalPlan, _ rightPlan: LogicalPlan
    ) throws(PlannerError) -> Part {
        var sides = JoinSides(
            left: try pushPresent(leftPlan), right: try pushPresent(rightPlan),
            leftWidth: leftPlan.schema.count, rightWidth: rightPlan.schema.count)
        if kind == .inner {
            let free = terms.filter { numbers(in: $0).isEmpty }
            let tied = terms.filter { !numbers(in: $0).isEmpty }
            let ties = sides.placed(tied) + sides.left.ties + sides.right.ties.map(sides.shifted)
            return inferring(sides.part(kind, sides.placed(free), ties: ties))
        }
        // Who has a partner is decided here: then a side that reads outer columns must say for which outer row it
        // stands, and the side whose rows are kept must have a row for each of those.
        let keepsRight = kind == .right
        var kept = keepsRight ? sides.right : sides.left
        var other = keepsRight ? sides.left : sides.right
        let read = numbers(in: terms).union(numbers(in: other.ties))
        var equalities: [(kept: Expression, other: Expression)] = []
        var keptPlaces: [Int: Expression] = [:]
        if !read.isEmpty || kind == .full {
            keptPlaces = try settle(&kept, read)
            let shared = kind == .full ? Set(keptPlaces.keys) : numbers(in: other.ties)
            let otherPlaces = try settle(&other, shared)
            for (number, place) in keptPlaces.sorted(by: { $0.key < $1.key }) {
                if let twin = otherPlaces[number] { equalities.append((place, twin)) }
            }
        }
        sides.left = keepsRight ? other : kept
        sides.right = keepsRight ? kept : other
        let known = keptPlaces.mapValues { keepsRight ? sides.shifted($0) : $0 }
        let conditions = sides.placed(terms).map { $0.withOuter(known) }
        let same = equalities.map { pair -> Expression in
            let both =
                keepsRight
                ? [pair.other, sides.shifted(pair.kept)] : [pair.kept, sides.shifted(pair.other)]
            return .call(.isNotDistinctFrom, both, .boolean)
        }
        if kind == .full {
            return sides.fullPart(conditions + same, numbers: keptPlaces.keys.sorted(), same)
        }
        let ties = keepsRight ? kept.ties.map(sides.shifted) : kept.ties
        return sides.part(kind, conditions + same, ties: ties)
    }

    /// With `a = b` where the ties say that both equal the same outer value: sides of a join meet by it.
    func inferring(_ part: Part) -> Part {
        var first: [Int: Expression] = [:]
        var terms: [Expression] = []
        for tie in part.ties {
            guard case .call(.equal, let sides, _) = tie, let (number, value) = tied(sides) else { continue }
            if let known = first[number], known != value {
                terms.append(.call(.equal, [known, value], .boolean))
            } else {
                first[number] = value
            }
        }
        guard let condition = Expression.conjunction(terms) else { return part }
        var part = part
        part.plan = .filter(condition, part.plan)
        return part
    }
}

/// Both sides of a join on their way through decorrelation: each has its old columns first, then more.
private struct JoinSides {
    var left: Decorrelation.Part
    var right: Decorrelation.Part
    let leftWidth: Int
    let rightWidth: Int

    private var seam: Int { left.plan.schema.count }

    /// Conditions over the old sides, over the new ones.
    func placed(_ terms: [Expression]) -> [Expression] {
        terms.map { term in
            term.remapped { index in
                index >= Placeholder.subquery || index < leftWidth ? index : seam + index - leftWidth
            }
        }
    }

    /// Over the right side, now over both.
    func shifted(_ expression: Expression) -> Expression {
        expression.remapped { $0 >= Placeholder.subquery ? $0 : seam + $0 }
    }

    /// The join with its old columns first.
    func part(_ kind: JoinKind, _ terms: [Expression], ties: [Expression]) -> Decorrelation.Part {
        let joined = LogicalPlan.join(kind, Expression.conjunction(terms), left.plan, right.plan)
        let width = joined.schema.count
        var order = Array(0..<leftWidth)
        switch kind {
        case .semi, .anti: break
        case .mark: order.append(width - 1)
        default: order += seam..<seam + rightWidth
        }
        order += Set(0..<width).subtracting(order).sorted()
        var places: [Int: Int] = [:]
        for (place, column) in order.enumerated() { places[column] = place }
        let moved = ties.map { tie in tie.remapped { places[$0] ?? $0 } }
        return Decorrelation.Part(plan: joined.reordered(order), ties: moved)
    }

    /// Of a full join each row has the outer values of whichever side it has.
    func fullPart(_ terms: [Expression], numbers: [Int], _ same: [Expression]) -> Decorrelation.Part {
        let whole = part(.full, terms, ties: [])
        let width = whole.plan.schema.count
        let order = Array(0..<leftWidth) + Array(seam..<seam + rightWidth)
        let rest = Set(0..<width).subtracting(order).sorted()
        var places: [Int: Int] = [:]
        for (place, column) in (order + rest).enumerated() { places[column] = place }
        let values = same.map { pair -> Expression in
            let sides = pair.children.map { side in side.remapped { places[$0] ?? $0 } }
            return .call(.coalesce, sides, sides[0].type)
        }
        let ties = zip(numbers, values).enumerated().map { index, pair -> Expression in
            let type = pair.1.type
            return .call(
                .isNotDistinctFrom, [.column(pair.0, type), .column(width + index, type)], .boolean)
        }
        return Decorrelation.Part(
            plan: whole.plan.appending(values, names: numbers.map { "outer\($0)" }), ties: ties)
    }
}
