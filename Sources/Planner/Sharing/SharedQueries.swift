import Columnar
import Plans

/// The queries of a statement that are computed once for all their readers.
///
/// A class, because binders at any depth add to it. While a statement is bound, readers are leaves of its plan and what they
/// read is here; `closed` puts both together.
final class SharedQueries {
    /// By their ids less one: a query reads only those before it.
    private var queries: [LogicalPlan] = []

    /// A reader of the plan's rows, in its place.
    func share(_ plan: LogicalPlan) -> LogicalPlan {
        if case .shared = plan { return plan }
        queries.append(plan)
        var rows = SharedRows(id: queries.count, schema: plan.schema)
        let estimate = RowEstimate(plan)
        rows.estimatedRowCount = Int(exactly: estimate.rows.rounded()) ?? .max
        rows.isEstimateKnown = estimate.isKnown
        return .shared(rows)
    }

    subscript(rows: SharedRows) -> LogicalPlan { queries[rows.id - 1] }

    /// The queries that the plan reads, and what they read, which call `random()` or the like themselves.
    func drawn(by plan: LogicalPlan) -> Set<Int> {
        var found = Set<Int>()
        var waiting = plan.sharedIDs
        while let id = waiting.popFirst() {
            if found.insert(id).inserted { waiting.formUnion(queries[id - 1].sharedIDs) }
        }
        return found.filter { queries[$0 - 1].isVolatile }
    }

    /// The plan with all queries that are read in it.
    func closed(_ plan: LogicalPlan) -> LogicalPlan { closed(plan) { _ in true } }

    /// A recursion's step with the queries that read its working table: they are computed anew in each round, others once.
    func closed(_ step: LogicalPlan, over table: Int) -> LogicalPlan {
        var readers: [Int: Bool] = [:]
        func reads(_ id: Int) -> Bool {
            if let known = readers[id] { return known }
            let query = queries[id - 1]
            let answer = query.readsWorkingTable(table) || query.sharedIDs.contains(where: reads)
            readers[id] = answer
            return answer
        }
        return closed(step, where: reads)
    }

    private func closed(_ plan: LogicalPlan, where isOwn: (Int) -> Bool) -> LogicalPlan {
        var found = Set<Int>()
        var waiting = plan.sharedIDs
        while let id = waiting.popFirst() {
            guard found.insert(id).inserted else { continue }
            waiting.formUnion(queries[id - 1].sharedIDs)
        }
        let ids = found.filter(isOwn).sorted()
        return ids.isEmpty ? plan : .sharing(ids: ids, queries: ids.map { queries[$0 - 1] }, body: plan)
    }
}

extension LogicalPlan {
    /// The shared queries that are read in it and do not stand in it.
    fileprivate var sharedIDs: Set<Int> {
        if case .shared(let rows) = self { return [rows.id] }
        let read = inputs.reduce(into: Set<Int>()) { $0.formUnion($1.sharedIDs) }
        if case .sharing(let ids, _, _) = self { return read.subtracting(ids) }
        return read
    }

    fileprivate func readsWorkingTable(_ id: Int) -> Bool {
        if case .workingTable(let table) = self { return table.id == id }
        return inputs.contains { $0.readsWorkingTable(id) }
    }

    /// With the queries in place of their readers, where two computations cannot be told apart.
    ///
    /// For a pipeline, which sees one event at a time and holds none.
    func unshared() -> LogicalPlan {
        guard case .sharing(let ids, let queries, let body) = self else {
            return inputs.isEmpty ? self : withInputs(inputs.map { $0.unshared() })
        }
        var readers: [Int: Int] = [:]
        for plan in queries + [body] { plan.countReaders(&readers) }
        var known: [Int: LogicalPlan] = [:]
        for (id, query) in zip(ids, queries) {
            guard query.isStable || readers[id] == 1 else { return self }
            known[id] = query.reading(known)
        }
        return body.reading(known)
    }

    private func countReaders(_ counts: inout [Int: Int]) {
        if case .shared(let rows) = self { counts[rows.id, default: 0] += 1 }
        for input in inputs { input.countReaders(&counts) }
    }

    private func reading(_ queries: [Int: LogicalPlan]) -> LogicalPlan {
        rewritten { node in
            guard case .shared(let rows) = node, let query = queries[rows.id] else { return node }
            return query
        }
    }
}
