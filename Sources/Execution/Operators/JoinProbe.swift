import Columnar
import Kernels
import Plans

/// Finds the partners of one batch of left rows, in pieces of bounded length.
struct JoinProbe {
    let work: JoinWork
    let table: JoinTable
    /// Nil unless right rows without a partner matter.
    let marks: JoinMarks?
    let profile: OperatorProfile
    let context: QueryContext
    private let left: Batch
    private var leftRows: [Int32] = []
    private var rightRows: [Int32] = []
    /// Empty where nobody asks.
    private var isMatched: [Bool] = []
    /// For `mark`: rows for which the condition was null once.
    private var isUnknown: [Bool] = []

    init(
        _ batch: Batch, _ work: JoinWork, _ table: JoinTable, _ marks: JoinMarks?,
        _ running: (profile: OperatorProfile, context: QueryContext)
    ) {
        left = batch.dense()
        self.work = work
        self.table = table
        self.marks = marks
        (profile, context) = running
        if work.join.kind.keepsLeft || !work.join.kind.givesRight {
            isMatched = [Bool](repeating: false, count: left.rowCount)
        }
        if work.join.kind == .mark { isUnknown = isMatched }
    }

    mutating func run(_ emit: (Batch) throws -> Demand) throws -> Demand {
        if let joined = besideOneRow() {
            profile.gave(joined.rowCount)
            return try emit(joined)
        }
        let batch = left
        let keys = try profile.timed(context.clock) {
            try context.evaluator.evaluate(work.leftKeys, over: batch)
        }
        let groups = profile.timed(context.clock) { table.index.find(keys, rowCount: batch.rowCount) }
        if work.join.residual == nil, !work.join.kind.givesRight {
            for (row, group) in groups.enumerated() where group >= 0 { isMatched[row] = true }
        } else if try pair(groups, emit) == .finished {
            return .finished
        }
        return try giveLeft(keys, emit)
    }

    /// The left rows beside the only right one, when nothing can keep them apart: a subquery that stands for a value.
    private func besideOneRow() -> Batch? {
        let kinds: [JoinKind] = [.inner, .left, .single]
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
        let isOneEnough = !work.join.kind.givesRight
        for (row, group) in groups.enumerated() where group >= 0 {
            for place in table.index.range(of: group) {
                if isOneEnough, isMatched[row] { break }
                leftRows.append(Int32(truncatingIfNeeded: row))
                rightRows.append(table.index.members[place])
                if leftRows.count == limit, try flush(emit) == .finished { return .finished }
            }
        }
        return try flush(emit)
    }

    /// Gives the pairs that pass the rest of the condition, or notes who passed.
    private mutating func flush(_ emit: (Batch) throws -> Demand) throws -> Demand {
        guard !leftRows.isEmpty else { return .more }
        try context.check()
        let pairs = (left: leftRows, right: rightRows)
        leftRows.removeAll(keepingCapacity: true)
        rightRows.removeAll(keepingCapacity: true)
        let (left, rows, work, evaluator) = (left, table.rows, work, context.evaluator)
        let all = profile.timed(context.clock) { () -> Batch in
            let columns =
                left.columns.map { $0.gather(pairs.left) } + rows.columns.map { $0.gather(pairs.right) }
            return Batch(schema: work.pairSchema, columns: columns, rowCount: pairs.left.count)
        }
        if work.join.kind == .mark {
            try profile.timed(context.clock) { try note(all, pairs.left) }
            return .more
        }
        let joined = try profile.timed(context.clock) { () -> Batch? in
            guard let residual = work.join.residual else { return all }
            return try evaluator.filter(all, where: residual)
        }
        guard let joined else { return .more }
        try match(joined.selection.map { pairs.left.gather($0) } ?? pairs.left)
        guard work.join.kind.givesRight else { return .more }
        marks?.mark(joined.selection.map { pairs.right.gather($0) } ?? pairs.right)
        profile.gave(joined.rowCount)
        return try emit(
            Batch(
                schema: work.schema, columns: joined.columns, rowCount: joined.columnRowCount,
                selection: joined.selection))
    }

    /// - Errors: `EXE-102` when a row that may have one partner has a second.
    private mutating func match(_ rows: [Int32]) throws {
        guard !isMatched.isEmpty else { return }
        let isSingle = work.join.kind == .single
        for row in rows {
            if isSingle, isMatched[Int(row)] {
                throw ExecutionError(
                    .severalRows, "a subquery that stands for a value has more than one row",
                    hint: "add LIMIT 1, or an aggregate such as max(…)")
            }
            isMatched[Int(row)] = true
        }
    }

    /// Notes for which left rows the condition is true, and for which it is null.
    private mutating func note(_ pairs: Batch, _ rows: [Int32]) throws {
        guard let residual = work.join.residual else { return try match(rows) }
        let truth = try context.evaluator.evaluate(residual, over: pairs)
        guard let hits = ExpressionEvaluator.trueRows(truth) else { return try match(rows) }
        try match(rows.gather(hits))
        guard truth.mayHaveNulls else { return }
        for pair in 0..<pairs.rowCount where truth.isNull(pair) { isUnknown[Int(rows[pair])] = true }
    }

    /// What the left rows give by themselves, once their partners are known.
    private mutating func giveLeft(_ keys: [Column], _ emit: (Batch) throws -> Demand) throws -> Demand {
        switch work.join.kind {
        case .inner, .right: return .more
        case .left, .full, .single: return try padLeft(emit)
        case .semi, .anti:
            let wanted = work.join.kind == .semi
            let rows = rows(where: wanted)
            guard !rows.isEmpty else { return .more }
            profile.gave(rows.count)
            return try emit(rows.count == left.rowCount ? left : left.selecting(rows))
        case .mark:
            if let nulls = table.nulls, let sought = keys.last {
                isUnknown = nulls.unknown(Array(keys.dropLast()), sought, rowCount: left.rowCount)
            }
            profile.gave(left.rowCount)
            return try emit(
                Batch(schema: work.schema, columns: left.columns + [mark], rowCount: left.rowCount))
        }
    }

    /// True for rows with a partner, else null where unknown, else false.
    private var mark: Column {
        var bits = Bitmap(repeating: false, count: left.rowCount)
        var validity = Bitmap(repeating: true, count: left.rowCount)
        for row in 0..<left.rowCount {
            bits[row] = isMatched[row]
            validity[row] = isMatched[row] || !isUnknown[row]
        }
        return Column(.boolean, count: left.rowCount, .boolean(bits), validity: validity)
    }

    private func rows(where wanted: Bool) -> [Int32] {
        isMatched.indices.filter { isMatched[$0] == wanted }.map { Int32(truncatingIfNeeded: $0) }
    }

    /// Left rows without a partner.
    private func padLeft(_ emit: (Batch) throws -> Demand) throws -> Demand {
        let limit = min(Batch.capacity, context.batchRows)
        let alone = rows(where: false)
        for start in stride(from: 0, to: alone.count, by: limit) {
            let rows = Array(alone[start..<min(alone.count, start + limit)])
            let columns =
                left.columns.map { $0.gather(rows) }
                + work.right.fields.map { Column.nulls($0.type, count: rows.count) }
            profile.gave(rows.count)
            let padded = Batch(schema: work.schema, columns: columns, rowCount: rows.count)
            if try emit(padded) == .finished { return .finished }
        }
        return .more
    }
}
