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
            let rows = scan.snapshotID == nil ? 1 : Double(scan.estimatedRowCount ?? Int(unknownRows))
            return max(1, rows * selectivity(scan.filter))
        case .filter(let condition, let input): return max(1, rows(input) * selectivity(condition))
        case .aggregate(let aggregation, let input):
            return aggregation.keys.isEmpty ? 1 : max(1, rows(input) / 4)
        case .limit(let window, let input): return min(rows(input), Double(window.count ?? .max))
        case .union(let inputs): return inputs.reduce(0) { $0 + rows($1) }
        case .join(.semi, _, let left, _), .join(.anti, _, let left, _):
            return max(1, rows(left) / 2)
        case .join(.mark, _, let left, _), .join(.single, _, let left, _):
            return rows(left)
        case .join(_, let condition, let left, let right):
            let (left, right) = (rows(left), rows(right))
            return condition == nil ? left * right : max(left, right)
        default: return plan.inputs.first.map(rows) ?? 1
        }
    }

    /// Of the tables below, before any filter: no column has more distinct values.
    static func baseRows(_ plan: LogicalPlan) -> Double {
        switch plan {
        case .scan(let scan):
            return scan.snapshotID == nil ? 1 : max(1, Double(scan.estimatedRowCount ?? Int(unknownRows)))
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
