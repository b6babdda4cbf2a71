import Columnar
import Kernels
import Plans

/// How many rows a plan gives, about: from the tables' counts and rules of thumb for conditions.
///
/// Only for choosing between plans with equal answers.
///
/// Source: Selinger et al., "Access Path Selection in a Relational Database Management System", SIGMOD 1979.
enum RowEstimate {
    /// Of a table that does not tell.
    private static let unknownRows = 100_000.0

    static func rows(_ plan: LogicalPlan) -> Double {
        switch plan {
        case .values(let values): return max(1, Double(values.rows.count))
        case .scan(let scan):
            let terms = scan.filter?.conjuncts ?? []
            let share =
                ColumnShares(scan)?.share(of: terms, otherwise: self.share) ?? selectivity(scan.filter)
            return max(1, baseRows(plan) * share)
        case .filter(let condition, .scan(var scan)):
            scan.filter = Expression.conjunction((scan.filter?.conjuncts ?? []) + condition.conjuncts)
            return rows(.scan(scan))
        case .filter(let condition, let input): return max(1, rows(input) * selectivity(condition))
        case .aggregate(let aggregation, let input):
            return aggregation.keys.isEmpty ? 1 : max(1, rows(input) / 4)
        case .limit(let window, let input): return min(rows(input), Double(window.count ?? .max))
        case .union(let inputs): return inputs.reduce(0) { $0 + rows($1) }
        case .join(.semi, _, let left, _), .join(.anti, _, let left, _):
            return max(1, rows(left) / 2)
        case .join(.mark, _, let left, _), .join(.single, _, let left, _):
            return rows(left)
        case .join(let kind, let condition, let left, let right):
            let sides = (left: rows(left), right: rows(right))
            let pairs = joined(condition, left, right, sides)
            return max(pairs, kind.keepsLeft ? sides.left : 1, kind.keepsRight ? sides.right : 1)
        default: return plan.inputs.first.map(rows) ?? 1
        }
    }

    /// Of an inner join.
    private static func joined(
        _ condition: Expression?, _ left: LogicalPlan, _ right: LogicalPlan,
        _ rows: (left: Double, right: Double)
    ) -> Double {
        let width = left.width
        var (share, values) = (1.0, 1.0)
        for term in condition?.conjuncts ?? [] {
            guard case .call(.equal, let sides, _) = term.unlocated, sides.count == 2,
                case .column(let first, _) = sides[0].unlocated,
                case .column(let second, _) = sides[1].unlocated,
                min(first, second) < width, max(first, second) >= width
            else {
                share *= self.share(term)
                continue
            }
            let members = [distinct(left, min(first, second)), distinct(right, max(first, second) - width)]
            values *= domain(members.compactMap { $0 }) ?? max(rows.left, rows.right)
        }
        // Several keys of one table have together no more values than the table has rows.
        let most = max(tableRows(left) ?? rows.left, tableRows(right) ?? rows.right)
        return max(1, rows.left * rows.right * share / max(1, min(values, most)))
    }

    /// How many values columns have that are joined: sketches count them; without one of each, no more than the fewest.
    static func domain(_ members: [(count: Double, isCounted: Bool)]) -> Double? {
        let counts = members.map(\.count)
        return members.allSatisfy(\.isCounted) ? counts.max() : counts.min()
    }

    /// About how many values a table's column has, and whether a sketch says so; nil for what is no such column.
    static func distinct(_ plan: LogicalPlan, _ column: Int) -> (count: Double, isCounted: Bool)? {
        switch plan {
        case .scan(let scan):
            let base = baseRows(plan)
            guard let known = ColumnShares(scan)?.distinctCount(column) else { return (base, false) }
            return (min(base, known.count), known.isCounted)
        case .filter(_, let input), .sort(_, let input), .limit(_, let input): return distinct(input, column)
        case .project(let projection, let input):
            guard case .column(let index, _) = projection.expressions[column] else { return nil }
            return distinct(input, index)
        case .join(let kind, _, let left, let right):
            let width = left.width
            if column < width { return distinct(left, column) }
            return kind.givesRight ? distinct(right, column - width) : nil
        default: return nil
        }
    }

    /// Rows of the table that a plan filters; nil for other plans.
    private static func tableRows(_ plan: LogicalPlan) -> Double? {
        switch plan {
        case .scan: baseRows(plan)
        case .filter(_, let input), .project(_, let input): tableRows(input)
        default: nil
        }
    }

    /// There are tables below, and of each it is known how many rows it has.
    static func isKnown(_ plan: LogicalPlan) -> Bool {
        let counts = tableCounts(plan)
        return !counts.isEmpty && counts.allSatisfy { $0 != nil }
    }

    private static func tableCounts(_ plan: LogicalPlan) -> [Int?] {
        if case .scan(let scan) = plan { return [scan.estimatedRowCount] }
        return plan.inputs.flatMap(tableCounts)
    }

    /// Of the tables below, before any filter: no column has more distinct values.
    static func baseRows(_ plan: LogicalPlan) -> Double {
        switch plan {
        case .scan(let scan):
            guard scan.snapshotID != nil else { return 1 }
            return max(1, Double(scan.estimatedRowCount ?? Int(unknownRows)))
        case .filter(_, let input), .project(_, let input), .sort(_, let input): return baseRows(input)
        default: return rows(plan)
        }
    }

    /// The share of rows for which a condition is true.
    static func selectivity(_ condition: Expression?) -> Double {
        (condition?.conjuncts ?? []).reduce(1) { $0 * share($1) }
    }

    private static func share(_ term: Expression) -> Double {
        switch term.unlocated {
        case .inList(_, let elements, let isNegated):
            let share = min(0.5, 0.04 * Double(elements.count))
            return isNegated ? 1 - share : share
        case .call(let function, let arguments, _):
            switch function {
            case .equal: return 0.04
            case .notEqual: return 0.9
            case .less, .lessOrEqual, .greater, .greaterOrEqual: return 0.4
            case .or: return min(1, arguments.reduce(0) { $0 + selectivity($1) })
            case .and: return selectivity(term.unlocated)
            case .not: return 1 - min(0.9, arguments.reduce(1) { $0 * share($1) })
            case .like: return 0.1
            case .isNull: return 0.1
            case .isNotNull: return 0.95
            default: return 0.3
            }
        default: return 0.5
        }
    }
}
