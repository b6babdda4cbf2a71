import Columnar
import Kernels
import Plans

/// How many rows a plan gives, about: from the tables' counts and rules of thumb for conditions.
///
/// Only for choosing between plans with equal answers. Holds the estimates of all nodes below, so that whoever asks at each
/// node of a plan does not estimate what is below again and again.
///
/// Source: Selinger et al., "Access Path Selection in a Relational Database Management System", SIGMOD 1979.
struct RowEstimate {
    let plan: LogicalPlan
    let inputs: [RowEstimate]
    private(set) var rows = 1.0
    /// As the plan's.
    let width: Int
    private let hasTables: Bool
    /// Some table below does not tell how many rows it has.
    private let lacksCounts: Bool

    /// Of a table that does not tell.
    private static let unknownRows = 100_000.0

    /// - Cost: every node below is estimated once.
    init(_ plan: LogicalPlan) { self.init(plan, over: plan.inputs.map { RowEstimate($0) }) }

    /// Of a node whose inputs are estimated already.
    init(_ plan: LogicalPlan, over inputs: [RowEstimate]) {
        self.plan = plan
        self.inputs = inputs
        width = Self.width(of: plan, over: inputs)
        if case .scan(let scan) = plan {
            (hasTables, lacksCounts) = (true, scan.estimatedRowCount == nil)
        } else if case .shared(let shared) = plan {
            (hasTables, lacksCounts) = (true, !shared.isEstimateKnown)
        } else if case .sharing = plan, let body = inputs.last {
            (hasTables, lacksCounts) = (body.hasTables, body.lacksCounts)
        } else {
            hasTables = inputs.contains(where: \.hasTables)
            lacksCounts = inputs.contains(where: \.lacksCounts)
        }
        rows = estimated()
    }

    /// There are tables below, and of each it is known how many rows it has.
    var isKnown: Bool { hasTables && !lacksCounts }

    private static func width(of plan: LogicalPlan, over inputs: [RowEstimate]) -> Int {
        switch plan {
        case .join(let kind, _, _, _) where kind.givesPairs: inputs[0].width + inputs[1].width
        case .join(.semi, _, _, _), .join(.anti, _, _, _), .filter, .sort, .limit: inputs[0].width
        default: plan.width
        }
    }

    private func estimated() -> Double {
        switch plan {
        case .values(let values): return max(1, Double(values.rows.count))
        case .scan(let scan): return Self.rows(scan)
        case .shared(let shared): return Double(max(1, shared.estimatedRowCount))
        case .sharing: return inputs.last?.rows ?? 1
        case .filter(let condition, .scan(var scan)):
            scan.filter = Expression.conjunction((scan.filter?.conjuncts ?? []) + condition.conjuncts)
            return Self.rows(scan)
        case .filter(let condition, _): return max(1, inputs[0].rows * Self.selectivity(condition))
        case .aggregate(let aggregation, _): return aggregation.keys.isEmpty ? 1 : max(1, inputs[0].rows / 4)
        case .limit(let window, _): return min(inputs[0].rows, Double(window.count ?? .max))
        case .union: return inputs.reduce(0) { $0 + $1.rows }
        case .join(.semi, let condition, _, _):
            return max(1, inputs[0].rows * Self.partnered(condition, inputs[0], inputs[1]))
        case .join(.anti, _, _, _): return max(1, inputs[0].rows / 2)
        case .join(.mark, _, _, _), .join(.single, _, _, _): return inputs[0].rows
        case .join(let kind, let condition, _, _):
            let (left, right) = (inputs[0], inputs[1])
            let pairs = Self.joined(condition, left, right)
            return max(pairs, kind.keepsLeft ? left.rows : 1, kind.keepsRight ? right.rows : 1)
        default: return inputs.first?.rows ?? 1
        }
    }

    private static func rows(_ scan: TableScan) -> Double {
        let terms = scan.filter?.conjuncts ?? []
        let share = ColumnShares(scan)?.share(of: terms, otherwise: share) ?? selectivity(scan.filter)
        return max(1, tableRows(scan) * share)
    }

    /// Of an inner join.
    private static func joined(
        _ condition: Expression?, _ left: RowEstimate, _ right: RowEstimate
    ) -> Double {
        var (share, values) = (1.0, 1.0)
        for term in condition?.conjuncts ?? [] {
            guard let (first, second) = columns(equalIn: term, seam: left.width) else {
                share *= self.share(term)
                continue
            }
            let members = [left.distinct(first), right.distinct(second - left.width)]
            values *= domain(members.compactMap { $0 }) ?? max(left.rows, right.rows)
        }
        // Several keys of one table have together no more values than the table has rows.
        let most = max(left.tableRows ?? left.rows, right.tableRows ?? right.rows)
        return max(1, left.rows * right.rows * share / max(1, min(values, most)))
    }

    /// The share of left rows with a partner: each right row has another value, taken from those of the left side.
    static func partnered(_ condition: Expression?, _ left: RowEstimate, _ right: RowEstimate) -> Double {
        var shares: [Double] = []
        for term in condition?.conjuncts ?? [] {
            guard let (first, _) = columns(equalIn: term, seam: left.width),
                let values = left.distinct(first)
            else { continue }
            shares.append(right.rows / max(1, values.count))
        }
        return min(1, shares.min() ?? 0.5)
    }

    /// The columns that a term sets equal, one on each side of the seam, the left one first.
    private static func columns(equalIn term: Expression, seam: Int) -> (Int, Int)? {
        guard case .call(.equal, let sides, _) = term.unlocated, sides.count == 2,
            case .column(let first, _) = sides[0].unlocated,
            case .column(let second, _) = sides[1].unlocated,
            min(first, second) < seam, max(first, second) >= seam
        else { return nil }
        return (min(first, second), max(first, second))
    }

    /// How many values columns have that are joined: sketches count them; without one of each, no more than the fewest.
    static func domain(_ members: [(count: Double, isCounted: Bool)]) -> Double? {
        let counts = members.map(\.count)
        return members.allSatisfy(\.isCounted) ? counts.max() : counts.min()
    }

    /// About how many values a table's column has, and whether a sketch says so; nil for what is no such column.
    func distinct(_ column: Int) -> (count: Double, isCounted: Bool)? {
        switch plan {
        case .scan(let scan):
            let base = Self.tableRows(scan)
            guard let known = ColumnShares(scan)?.distinctCount(column) else { return (base, false) }
            return (min(base, known.count), known.isCounted)
        case .filter, .sort, .limit: return inputs[0].distinct(column)
        case .project(let projection, _):
            guard case .column(let index, _) = projection.expressions[column] else { return nil }
            return inputs[0].distinct(index)
        case .join(let kind, _, _, _):
            let seam = inputs[0].width
            if column < seam { return inputs[0].distinct(column) }
            return kind.givesPairs ? inputs[1].distinct(column - seam) : nil
        default: return nil
        }
    }

    /// Rows of the table that the plan filters; nil for other plans.
    private var tableRows: Double? {
        switch plan {
        case .scan(let scan): Self.tableRows(scan)
        case .filter, .project: inputs[0].tableRows
        default: nil
        }
    }

    /// Of the tables below, before any filter: no column has more distinct values.
    var baseRows: Double {
        switch plan {
        case .scan(let scan): Self.tableRows(scan)
        case .filter, .project, .sort: inputs[0].baseRows
        default: rows
        }
    }

    private static func tableRows(_ scan: TableScan) -> Double {
        guard scan.snapshotID != nil else { return 1 }
        return max(1, Double(scan.estimatedRowCount ?? Int(unknownRows)))
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
