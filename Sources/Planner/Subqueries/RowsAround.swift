import Columnar
import Kernels
import Plans

/// The rows around a subquery while it is joined to them, and what its shared queries have become.
///
/// A class, because any place of the subquery may ask for rows that all places must then see the same.
final class RowsAround {
    /// What the subquery is joined to; its columns stay where they are.
    private(set) var plan: LogicalPlan
    /// Shared queries that read outer columns, once pushed through, by their ids.
    var parts: [Int: Decorrelation.Part] = [:]
    /// The outer numbers whose values rows of recursions carry, by the ids of their working tables.
    private(set) var workingTables: [Int: [Int]] = [:]
    private var readers: [Int: Bool] = [:]

    init(_ plan: LogicalPlan) { self.plan = plan }

    /// Where these columns come from, to be computed a second time: shared where that could give other rows.
    func source(of columns: Set<Int>, sharedIn queries: SharedQueries) -> LogicalPlan {
        let found = Self.source(of: columns, plan) { source in
            source.isStable ? source : queries.share(source)
        }
        plan = found.plan
        return found.source
    }

    /// Joins with other subqueries change no row of theirs, at most they drop some.
    private static func source(
        of columns: Set<Int>, _ plan: LogicalPlan, _ use: (LogicalPlan) -> LogicalPlan
    ) -> (plan: LogicalPlan, source: LogicalPlan) {
        switch plan {
        case .join(let kind, let condition, let left, let right)
        where kind != .inner && kind != .right && kind != .full
            && columns.allSatisfy { $0 < left.width }:
            let found = source(of: columns, left, use)
            return (.join(kind, condition, found.plan, right), found.source)
        case .filter(let filter, .join(let kind, let condition, let left, let right))
        where [.semi, .anti, .mark, .single()].contains(kind):
            let found = source(of: columns, .join(kind, condition, left, right), use)
            return (.filter(filter, found.plan), found.source)
        case .project(let projection, let input):
            // Only where the columns stay where they are.
            let isSame = columns.allSatisfy { index in
                if case .column(index, _) = projection.expressions[index] { true } else { false }
            }
            guard isSame else { break }
            let found = source(of: columns, input, use)
            return (.project(projection, found.plan), found.source)
        default: break
        }
        let used = use(plan)
        return (used, used)
    }

    /// From now on what reads this working table reads outer columns.
    func carry(_ numbers: [Int], in table: Int) {
        workingTables[table] = numbers
        readers = [:]
    }

    /// Whether a shared query reads outer columns.
    func reads(
        _ rows: SharedRows, in queries: SharedQueries, _ reads: (LogicalPlan) -> Bool
    ) -> Bool {
        if let known = readers[rows.id] { return known }
        let answer = reads(queries[rows])
        readers[rows.id] = answer
        return answer
    }
}

extension Expression {
    /// What tells apart values that are equal to this one and not the same; nil where there are none.
    ///
    /// Of numbers only zeros differ, by their signs, so that no other is written out.
    var identity: Expression? {
        guard type.hasTwins else { return nil }
        let text = Expression.cast(self, to: .string, isTry: false)
        guard type == .float || type == .double else { return text }
        let zero = Expression.literal(type == .float ? .float(0) : .double(0), type)
        return .caseWhen(
            [CaseBranch(condition: .call(.equal, [self, zero], .boolean), value: text)], otherwise: nil,
            .string)
    }
}
