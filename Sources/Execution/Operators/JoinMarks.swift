import Columnar
import Synchronization

/// Which rows of a join's right side found a partner.
final class JoinMarks: Sendable {
    private let isMatched: Mutex<[Bool]>

    init(count: Int) { isMatched = Mutex([Bool](repeating: false, count: count)) }

    func mark(_ rows: [Int32]) { isMatched.withLock { for row in rows { $0[Int(row)] = true } } }

    var unmatched: [Int32] {
        isMatched.withLock { isMatched in
            isMatched.indices.filter { !isMatched[$0] }.map { Int32(truncatingIfNeeded: $0) }
        }
    }

    /// Right rows without a partner, padded.
    func giveUnmatched(
        _ table: JoinTable, _ work: JoinWork, _ running: (profile: OperatorProfile, context: QueryContext),
        _ emit: (Batch) throws -> Demand
    ) throws -> Demand {
        let alone = unmatched
        let limit = min(Batch.capacity, running.context.batchRows)
        for start in stride(from: 0, to: alone.count, by: limit) {
            try running.context.check()
            let rows = Array(alone[start..<min(alone.count, start + limit)])
            let columns =
                work.left.fields.map { Column.nulls($0.type, count: rows.count) }
                + table.rows.columns.map { $0.gather(rows) }
            running.profile.gave(rows.count)
            let padded = Batch(schema: work.schema, columns: columns, rowCount: rows.count)
            if try emit(padded) == .finished { return .finished }
        }
        return .more
    }
}
