import Columnar
import Kernels
import Plans

/// Finds the partners of one batch of left rows, in pieces of bounded length.
struct JoinProbe {
    let work: JoinWork
    let table: JoinTable
    /// Nil unless right rows are settled last.
    let marks: JoinMarks?
    let context: QueryContext
    private let left: Batch
    private var leftRows: [Int32] = []
    private var rightRows: [Int32] = []
    private(set) var matches: JoinMatches

    /// `matches` is what other pieces of the right side already told of the rows.
    init(
        _ batch: Batch, _ work: JoinWork, _ table: JoinTable, _ marks: JoinMarks?, _ context: QueryContext,
        matches: JoinMatches? = nil
    ) {
        left = batch.dense()
        self.work = work
        self.table = table
        self.marks = marks
        self.context = context
        self.matches = matches ?? JoinMatches(work.join.kind, rowCount: left.rowCount)
    }

    /// The join of the rows with a table that holds the whole right side.
    mutating func run(_ emit: (Batch) throws -> Demand) throws -> Demand {
        if let joined = besideOneRow() { return try emit(joined) }
        if try find(emit) == .finished { return .finished }
        return try matches.giveLeft(left, work, context, emit)
    }

    /// Gives the pairs, and notes in `matches` who found a partner.
    mutating func find(_ emit: (Batch) throws -> Demand) throws -> Demand {
        let batch = left
        let keys = try context.evaluator.evaluate(work.leftKeys, over: batch)
        let groups = table.index.find(keys, rowCount: batch.rowCount)
        if work.join.residual == nil, !work.join.kind.givesPairs {
            if let marks {
                marks.mark(groups: groups, of: table.index)
            } else {
                for (row, group) in groups.enumerated() where group >= 0 { matches.match(row) }
            }
        } else if try pair(groups, emit) == .finished {
            return .finished
        }
        if let nulls = table.nulls, let sought = keys.last {
            let unknown = nulls.unknown(Array(keys.dropLast()), sought, rowCount: batch.rowCount)
            for row in unknown.indices where unknown[row] { matches.noteUnknown(row) }
        }
        return .more
    }

    /// The left rows beside the only right one, when nothing can keep them apart: a subquery that stands for a value.
    private func besideOneRow() -> Batch? {
        let kinds: [JoinKind] = [.inner, .left, .single()]
        guard work.isNestedLoop, work.join.residual == nil, table.rows.rowCount == 1,
            kinds.contains(work.join.kind)
        else { return nil }
        let columns =
            left.columns
            + table.rows.columns.map { Column.constant($0.scalar(at: 0), $0.type, count: left.rowCount) }
        return Batch(schema: work.schema, columns: columns, rowCount: left.rowCount)
    }

    /// All pairs of rows with equal keys, past the rest of the condition.
    private mutating func pair(_ groups: [Int32], _ emit: (Batch) throws -> Demand) throws -> Demand {
        let limit = min(Batch.capacity, context.batchRows)
        guard !work.join.kind.givesPairs else {
            var cursor = JoinIndex.PairCursor()
            while table.index.appendPairs(groups, &cursor, limit: limit, left: &leftRows, right: &rightRows) {
                if try flush(emit) == .finished { return .finished }
            }
            return try flush(emit)
        }
        // One partner is enough.
        for (row, group) in groups.enumerated() where group >= 0 {
            for place in table.index.range(of: group) {
                let member = table.index.members[place]
                if let marks {
                    if marks.isMarked(member) { continue }
                } else if matches.isMatched[row] {
                    break
                }
                leftRows.append(Int32(truncatingIfNeeded: row))
                rightRows.append(member)
                if leftRows.count == limit, try flush(emit) == .finished { return .finished }
            }
        }
        return try flush(emit)
    }

    /// Gives the pairs that pass the rest of the condition, or notes who passed.
    private mutating func flush(_ emit: (Batch) throws -> Demand) throws -> Demand {
        guard !leftRows.isEmpty else { return .more }
        try context.check()
        var pairs = (left: leftRows, right: rightRows)
        leftRows.removeAll(keepingCapacity: true)
        rightRows.removeAll(keepingCapacity: true)
        let (left, rows, work, evaluator) = (left, table.rows, work, context.evaluator)
        if let residual = work.join.residual {
            let tested = work.tested(left, pairs.left, rows, pairs.right)
            if work.join.kind == .mark {
                try note(residual, tested, pairs.left)
                return .more
            }
            let passed = try evaluator.filter(tested, where: residual)
            guard let passed else { return .more }
            if let chosen = passed.selection {
                pairs = (left: pairs.left.gather(chosen), right: pairs.right.gather(chosen))
            }
        }
        try matches.match(pairs.left)
        marks?.mark(pairs.right)
        guard work.join.kind.givesPairs else { return .more }
        return try emit(
            Batch(
                schema: work.schema,
                columns: left.gathered(pairs.left) + rows.columns.map { $0.gather(pairs.right) },
                rowCount: pairs.left.count))
    }

    /// Notes for which left rows the condition is true, and for which it is null.
    private mutating func note(_ residual: Expression, _ pairs: Batch, _ rows: [Int32]) throws {
        let truth = try context.evaluator.evaluate(residual, over: pairs)
        guard let hits = ExpressionEvaluator.trueRows(truth) else { return try matches.match(rows) }
        try matches.match(rows.gather(hits))
        guard truth.mayHaveNulls else { return }
        for pair in 0..<pairs.rowCount where truth.isNull(pair) { matches.noteUnknown(Int(rows[pair])) }
    }
}

extension Batch {
    /// The columns of these rows of a dense batch; as they are when that is every row in its place.
    fileprivate func gathered(_ rows: [Int32]) -> [Column] {
        let isWhole = rows.count == rowCount && rows.indices.allSatisfy { Int(rows[$0]) == $0 }
        return isWhole ? columns : columns.map { $0.gather(rows) }
    }
}
