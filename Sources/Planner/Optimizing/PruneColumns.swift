import Columnar
import Plans

/// Reads and computes only columns that matter above.
struct PruneColumns: OptimizerPass {
    let name = "prune_columns"

    func run(_ plan: LogicalPlan, until interruption: Interruption) throws(PlannerError) -> LogicalPlan {
        let all = Array(0..<plan.width)
        let pruning = ColumnPruning(interruption: interruption)
        let (pruned, positions) = try pruning.prune(plan, keeping: Set(all))
        precondition(positions.count == all.count, "the root keeps all its columns")
        return pruned
    }
}

/// What readers of shared queries want of them, by the queries' ids.
///
/// A class, because all readers add to it.
private final class SharedColumns {
    var wanted: [Int: Set<Int>] = [:]
    /// Where all readers were asked: these are left.
    var kept: [Int: [Int]] = [:]
}

/// The way of a plan's wanted columns down to the tables.
private struct ColumnPruning {
    let interruption: Interruption
    private let shared = SharedColumns()

    init(interruption: Interruption) { self.interruption = interruption }

    /// A plan that gives at least the wanted columns, and where each of its old columns now stands.
    func prune(
        _ plan: LogicalPlan, keeping wanted: Set<Int>
    ) throws(PlannerError) -> (LogicalPlan, positions: [Int: Int]) {
        try interruption.check()
        switch plan {
        case .values(let values): return prune(values, wanted)
        case .scan(let scan): return prune(scan, wanted)
        case .filter(let condition, let input):
            let (below, positions) = try prune(input, keeping: wanted.union(condition.columns))
            return (.filter(condition.remapped(positions), below), positions)
        case .sort(let keys, let input):
            let read = keys.reduce(wanted) { $0.union($1.expression.columns) }
            let (below, positions) = try prune(input, keeping: read)
            return (.sort(remap(keys, positions), below), positions)
        case .limit(let window, let input):
            let (below, positions) = try prune(input, keeping: wanted)
            return (.limit(window, below), positions)
        case .project(let projection, let input): return try prune(projection, input, wanted)
        case .aggregate(let aggregation, let input): return try prune(aggregation, input, wanted)
        case .window(let windowing, let input): return try prune(windowing, input, wanted)
        case .expand(var expansion, let input):
            let width = input.width
            let read = expansion.keys.reduce(wanted.filter { $0 < width }) { $0.union($1.columns) }
            let (below, belowPlaces) = try prune(input, keeping: read)
            expansion.keys = expansion.keys.map { $0.remapped(belowPlaces) }
            let added = expansion.keys.count + 1
            return (.expand(expansion, below), shifted(belowPlaces, added, from: width, below.width))
        case .unnest(let unnesting, let input):
            let width = input.width
            let read = unnesting.expressions.reduce(wanted.filter { $0 < width }) { $0.union($1.columns) }
            let (below, belowPlaces) = try prune(input, keeping: read)
            return (
                .unnest(unnesting.mapExpressions { $0.remapped(belowPlaces) }, below),
                shifted(belowPlaces, unnesting.types.count, from: width, below.width)
            )
        case .recursion(let recursion, let base, let step):
            // The step reads all columns of its own answer.
            var parts: [LogicalPlan] = []
            for part in [base, step] {
                let (below, positions) = try prune(part, keeping: Set(part.schema.fields.indices))
                parts.append(project(part.schema.fields.indices.map { ($0, positions) }, part.schema, below))
            }
            return (
                .recursion(recursion, base: parts[0], step: parts[1]),
                places(Array(plan.schema.fields.indices))
            )
        case .workingTable: return (plan, places(Array(plan.schema.fields.indices)))
        case .sharing(let ids, let queries, let body): return try prune(ids, queries, body, wanted)
        case .shared(let rows): return prune(rows, wanted)
        case .union(let inputs):
            // Every input must give the same columns in the same places.
            let kept = wanted.sorted()
            var parts: [LogicalPlan] = []
            for input in inputs {
                let (below, positions) = try prune(input, keeping: wanted)
                parts.append(project(kept.map { ($0, positions) }, input.schema, below))
            }
            return (.union(parts), places(kept))
        case .join(let kind, let condition, let left, let right):
            return try prune(kind, condition, left, right, wanted)
        case .numberRows(let keys, let input):
            let width = input.width
            guard wanted.contains(width) else { return try prune(input, keeping: wanted) }
            let read = keys.reduce(into: wanted.subtracting([width])) { $0.formUnion($1.columns) }
            var (below, positions) = try prune(input, keeping: read)
            let narrow = keys.map { $0.remapped(positions) }
            positions[width] = below.width
            return (.numberRows(narrow, below), positions)
        }
    }

    private func prune(
        _ kind: JoinKind, _ condition: Expression?, _ left: LogicalPlan, _ right: LogicalPlan,
        _ wanted: Set<Int>
    ) throws(PlannerError) -> (LogicalPlan, positions: [Int: Int]) {
        let width = left.width
        let isMarkWanted = kind == .mark && wanted.contains(width)
        // Nobody asks whether there is a partner.
        if kind == .mark, !isMarkWanted { return try prune(left, keeping: wanted) }
        let columns = kind == .mark ? wanted.subtracting([width]) : wanted
        let read = columns.union(condition?.columns ?? [])
        let (newLeft, leftPlaces) = try narrowed(left, to: read.filter { $0 < width })
        let (newRight, rightPlaces) = try narrowed(
            right, to: Set(read.filter { $0 >= width }.map { $0 - width }))
        let newWidth = newLeft.width
        var pairs = leftPlaces
        for (old, new) in rightPlaces { pairs[width + old] = newWidth + new }
        var positions = kind.givesPairs ? pairs : leftPlaces
        if isMarkWanted { positions[width] = newWidth }
        return (.join(kind, condition?.remapped(pairs), newLeft, newRight), positions)
    }

    /// Without the columns that only conditions below read: a join would hold them, and gather them with every pair.
    private func narrowed(
        _ plan: LogicalPlan, to wanted: Set<Int>
    ) throws(PlannerError) -> (LogicalPlan, positions: [Int: Int]) {
        let (below, positions) = try prune(plan, keeping: wanted)
        guard below.width > wanted.count, !wanted.isEmpty else { return (below, positions) }
        let kept = wanted.sorted()
        return (project(kept.map { ($0, positions) }, plan.schema, below), places(kept))
    }

    /// A shared query gives what any of its readers wants, so all are asked first.
    private func prune(
        _ ids: [Int], _ queries: [LogicalPlan], _ body: LogicalPlan, _ wanted: Set<Int>
    ) throws(PlannerError) -> (LogicalPlan, positions: [Int: Int]) {
        _ = try prune(body, keeping: wanted)
        // A query is read by those behind it.
        for (id, query) in zip(ids, queries).reversed() {
            guard var columns = shared.wanted[id] else { continue }
            // Where only the rows count, one column shows how many there are.
            if columns.isEmpty, query.width > 0 { columns = [0] }
            shared.wanted[id] = columns
            _ = try prune(query, keeping: columns)
        }
        for id in ids { shared.kept[id] = shared.wanted[id]?.sorted() }
        var read: [Int] = []
        var narrow: [LogicalPlan] = []
        for (id, query) in zip(ids, queries) {
            guard let kept = shared.kept[id] else { continue }
            let (below, positions) = try prune(query, keeping: Set(kept))
            read.append(id)
            narrow.append(project(kept.map { ($0, positions) }, query.schema, below))
        }
        let (below, positions) = try prune(body, keeping: wanted)
        return (read.isEmpty ? below : .sharing(ids: read, queries: narrow, body: below), positions)
    }

    private func prune(_ rows: SharedRows, _ wanted: Set<Int>) -> (LogicalPlan, positions: [Int: Int]) {
        guard let kept = shared.kept[rows.id] else {
            shared.wanted[rows.id, default: []].formUnion(wanted)
            return (.shared(rows), places(Array(rows.schema.fields.indices)))
        }
        var narrow = rows
        narrow.schema = Schema(kept.map { rows.schema.fields[$0] })
        return (.shared(narrow), places(kept))
    }

    private func prune(_ values: ValueRows, _ wanted: Set<Int>) -> (LogicalPlan, positions: [Int: Int]) {
        let kept = wanted.sorted()
        let narrow = ValueRows(
            schema: Schema(kept.map { values.schema.fields[$0] }),
            rows: values.rows.map { row in kept.map { row[$0] } })
        return (.values(narrow), places(kept))
    }

    private func prune(_ scan: TableScan, _ wanted: Set<Int>) -> (LogicalPlan, positions: [Int: Int]) {
        let kept = wanted.union(scan.filter?.columns ?? []).sorted()
        let positions = places(kept)
        var narrow = scan
        narrow.fields = kept.map { scan.fields[$0] }
        narrow.filter = scan.filter?.remapped(positions)
        return (.scan(narrow), positions)
    }

    private func prune(
        _ projection: Projection, _ input: LogicalPlan, _ wanted: Set<Int>
    ) throws(PlannerError) -> (LogicalPlan, positions: [Int: Int]) {
        let kept = wanted.sorted()
        let expressions = kept.map { projection.expressions[$0] }
        let (below, positions) = try prune(
            input, keeping: expressions.reduce(into: []) { $0.formUnion($1.columns) })
        let narrow = Projection(
            expressions.map { $0.remapped(positions) }, names: kept.map { projection.names[$0] })
        return (.project(narrow, below), places(kept))
    }

    private func prune(
        _ aggregation: Aggregation, _ input: LogicalPlan, _ wanted: Set<Int>
    ) throws(PlannerError) -> (LogicalPlan, positions: [Int: Int]) {
        // Keys make the groups, wanted or not.
        let keyCount = aggregation.keys.count
        let keptCalls = aggregation.calls.indices.filter { wanted.contains(keyCount + $0) }
        let kept = Array(0..<keyCount) + keptCalls.map { keyCount + $0 }
        let calls = keptCalls.map { aggregation.calls[$0] }
        let read = (aggregation.keys + calls.flatMap(\.expressions)).reduce(into: Set<Int>()) {
            $0.formUnion($1.columns)
        }
        let (below, positions) = try prune(input, keeping: read)
        var narrow = Aggregation(
            phase: aggregation.phase, keys: aggregation.keys.map { $0.remapped(positions) },
            calls: calls.map { $0.mapExpressions { $0.remapped(positions) } },
            names: kept.map { aggregation.names[$0] })
        narrow.rowsIfEmpty = aggregation.rowsIfEmpty.map { row in kept.map { row[$0] } }
        return (.aggregate(narrow, below), places(kept))
    }

    private func prune(
        _ windowing: Windowing, _ input: LogicalPlan, _ wanted: Set<Int>
    ) throws(PlannerError) -> (LogicalPlan, positions: [Int: Int]) {
        let width = input.width
        var narrow = windowing
        let kept = windowing.calls.indices.filter { wanted.contains(width + $0) }
        let passed = wanted.filter { $0 < width }
        if kept.isEmpty { return try prune(input, keeping: passed) }
        narrow.calls = kept.map { windowing.calls[$0] }
        narrow.names = kept.map { windowing.names[$0] }
        let read = narrow.expressions.reduce(into: passed) { $0.formUnion($1.columns) }
        let (below, belowPlaces) = try prune(input, keeping: read)
        var positions = belowPlaces
        for (new, old) in kept.enumerated() { positions[width + old] = below.width + new }
        return (.window(narrow.mapExpressions { $0.remapped(belowPlaces) }, below), positions)
    }

    /// The places of an input's columns, then of as many columns that a node adds to it.
    private func shifted(
        _ positions: [Int: Int], _ added: Int, from width: Int, _ newWidth: Int
    ) -> [Int: Int] {
        var result = positions
        for offset in 0..<added { result[width + offset] = newWidth + offset }
        return result
    }

    private func project(
        _ columns: [(Int, [Int: Int])], _ schema: Schema, _ input: LogicalPlan
    ) -> LogicalPlan {
        let fields = columns.map { schema.fields[$0.0] }
        let values = columns.map { Expression.column($0.1[$0.0] ?? 0, schema.fields[$0.0].type) }
        return .project(Projection(values, names: fields.map(\.name)), input)
    }

    private func remap(_ keys: [SortKey], _ positions: [Int: Int]) -> [SortKey] {
        keys.map {
            SortKey(
                $0.expression.remapped(positions), isDescending: $0.isDescending, nullsFirst: $0.nullsFirst)
        }
    }

    private func places(_ kept: [Int]) -> [Int: Int] {
        Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1, $0) })
    }
}

extension Expression {
    fileprivate func remapped(_ positions: [Int: Int]) -> Expression {
        remapped { index in
            guard let place = positions[index] else {
                preconditionFailure("column \(index) was pruned and is read")
            }
            return place
        }
    }
}
