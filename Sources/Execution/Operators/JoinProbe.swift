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
    private var isMatched: [Bool] = []

    init(
        _ batch: Batch, _ work: JoinWork, _ table: JoinTable, _ marks: JoinMarks?,
        _ running: (profile: OperatorProfile, context: QueryContext)
    ) {
        left = batch.dense()
        self.work = work
        self.table = table
        self.marks = marks
        (profile, context) = running
    }

    mutating func run(_ emit: (Batch) throws -> Demand) throws -> Demand {
        let keysLeft = left
        let groups = try profile.timed(context.clock) {
            let keys = try context.evaluator.evaluate(work.join.leftKeys, over: keysLeft)
            return table.index.find(keys, rowCount: keysLeft.rowCount)
        }
        let keepsLeft = work.join.kind.keepsLeft
        if keepsLeft { isMatched = [Bool](repeating: false, count: left.rowCount) }
        let limit = min(Batch.capacity, context.batchRows)
        for (row, group) in groups.enumerated() where group >= 0 {
            for place in table.index.range(of: group) {
                leftRows.append(Int32(truncatingIfNeeded: row))
                rightRows.append(table.index.members[place])
                if leftRows.count == limit, try flush(emit) == .finished { return .finished }
            }
        }
        if try flush(emit) == .finished { return .finished }
        return keepsLeft ? try padLeft(limit, emit) : .more
    }

    /// Gives the pairs that pass the rest of the condition.
    private mutating func flush(_ emit: (Batch) throws -> Demand) throws -> Demand {
        guard !leftRows.isEmpty else { return .more }
        try context.check()
        let pairs = (left: leftRows, right: rightRows)
        leftRows.removeAll(keepingCapacity: true)
        rightRows.removeAll(keepingCapacity: true)
        let (left, rows, schema) = (left, table.rows, work.schema)
        let joined = try profile.timed(context.clock) { () -> Batch? in
            let columns =
                left.columns.map { $0.gather(pairs.left) } + rows.columns.map { $0.gather(pairs.right) }
            let all = Batch(schema: schema, columns: columns, rowCount: pairs.left.count)
            guard let residual = work.join.residual else { return all }
            return try context.evaluator.filter(all, where: residual)
        }
        guard let joined else { return .more }
        if !isMatched.isEmpty {
            for row in joined.selection.map({ pairs.left.gather($0) }) ?? pairs.left {
                isMatched[Int(row)] = true
            }
        }
        marks?.mark(joined.selection.map { pairs.right.gather($0) } ?? pairs.right)
        profile.gave(joined.rowCount)
        return try emit(joined)
    }

    /// Left rows without a partner.
    private func padLeft(_ limit: Int, _ emit: (Batch) throws -> Demand) throws -> Demand {
        let alone = isMatched.indices.filter { !isMatched[$0] }.map { Int32(truncatingIfNeeded: $0) }
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
