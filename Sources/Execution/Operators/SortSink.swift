import Columnar
import Kernels
import Plans
import Scheduling
import Synchronization

/// One thread's part of a sort; with a row limit it keeps only the first ones of the order.
///
/// With a limit of N rows it holds at most about 4 N (or four batches): when it has more it sorts and cuts. Ties of the
/// N-th row come on top. What memory does not hold goes to disk in sorted runs.
final class SortSink: LocalSink {
    private struct State {
        var batches: [Batch] = []
        var rowCount = 0
        var bytes = 0
        /// The last of the rows kept by the last cut: what does not come before it is of no use.
        var bound: RowOrder?
        /// How many rows the last cut kept: ties may be many.
        var keptCount = 0
        var runs: [SortRun] = []
        let allowance: SpillAllowance
    }
    private let order: SortWork
    private let limit: Int?
    private let spill: SortSpill
    private let state: Mutex<State>

    init(_ order: SortWork, limit: Int?, _ spill: SortSpill, _ context: QueryContext) throws {
        self.order = order
        self.limit = limit
        self.spill = spill
        state = Mutex(State(allowance: try SpillAllowance(context, for: "sort")))
    }

    func consume(_ batch: Batch) throws -> Demand {
        try state.withLock { state in
            guard let dense = try rowsOfUse(batch, state.bound) else { return .more }
            // Sorting makes a second copy, and two words or more a row.
            let added = 2 * dense.ownByteCount + dense.rowCount * 24
            let isHeld = try state.allowance.hold(state.bytes + added)
            state.batches.append(dense)
            state.rowCount += dense.rowCount
            state.bytes += added
            if !isHeld {
                state.runs.append(try spill.write(order.sorted(state.batches, limit: limit ?? .max)))
                state.batches = []
                state.rowCount = 0
                state.bytes = 0
                try state.allowance.release()
            } else if let limit,
                state.rowCount
                    > max(
                        limit.multipliedClamped(by: 4), 4 * Batch.capacity, 2 * state.keptCount)
            {
                try cut(&state, limit)
            }
            return .more
        }
    }

    private func cut(_ state: inout State, _ limit: Int) throws {
        let kept = try order.sorted(state.batches, limit: limit)
        state.batches = [kept]
        state.bound = try order.order(of: kept.slice(kept.rowCount - 1..<kept.rowCount))
        state.rowCount = kept.rowCount
        state.keptCount = kept.rowCount
        state.bytes = 2 * kept.ownByteCount + kept.rowCount * 24
        _ = try state.allowance.hold(state.bytes)
    }

    /// The batch without the rows that cannot be among the first; nil when none is left.
    private func rowsOfUse(_ batch: Batch, _ bound: RowOrder?) throws -> Batch? {
        let dense = batch.dense()
        guard let bound else { return dense }
        let rows = try order.order(of: dense).rows(before: 0, of: bound, orEqual: order.keepsTies)
        if rows.isEmpty { return nil }
        return dense.selecting(rows).dense()
    }

    /// Its rows in sorted runs, those on disk first; the reservation lives as long as the sink.
    func finish() throws -> [SortRun] {
        try state.withLock { state in
            guard !state.batches.isEmpty else { return state.runs }
            let sorted = try order.sorted(state.batches, limit: limit ?? .max)
            state.batches = []
            return state.runs + [.memory(sorted)]
        }
    }
}

/// Sorted rows, in memory or on disk.
enum SortRun: Sendable {
    case memory(Batch)
    case disk([SpillBlock], SpillFile)
}

/// What to sort by.
struct SortWork: Sendable {
    let keys: [SortKey]
    let schema: Schema
    let evaluator: ExpressionEvaluator
    /// Whether a limit also keeps the rows that sort as its last one.
    var keepsTies = false

    func order(of batch: Batch) throws -> RowOrder {
        let columns = try evaluator.evaluate(keys.map(\.expression), over: batch)
        let directions = keys.map {
            SortDirection(isDescending: $0.isDescending, nullsFirst: $0.nullsFirst)
        }
        return RowOrder(columns, directions, rowCount: batch.rowCount)
    }

    /// The first `limit` rows of the order, and their ties where those are kept, with strings in a heap of their own.
    func sorted(_ batches: [Batch], limit: Int) throws -> Batch {
        let all = Batch.concatenate(batches, schema: schema)
        let order = try order(of: all)
        let rows = try order.sortedRows()
        var limit = limit
        if keepsTies, limit > 0 {
            while limit < rows.count, order.compare(Int(rows[limit]), order, Int(rows[limit - 1])) == 0 {
                limit += 1
            }
        }
        guard limit < rows.count else {
            return Batch(schema: schema, columns: all.columns.map { $0.gather(rows) }, rowCount: rows.count)
        }
        let first = Array(rows[..<limit])
        return Batch(
            schema: schema, columns: all.columns.map { $0.gather(first).flattened().compacted() },
            rowCount: first.count)
    }
}

extension Column {
    /// Texts of a dictionary up to which its batches are not counted for them: they share them.
    private static let sharedBytes = 1 << 20

    /// Bytes of the rows while they are held: of text the views and what they point at, not the whole shared heap; what
    /// rows share once. `writtenByteCount` is what they take when each is written out.
    var ownByteCount: Int {
        switch values {
        case .string(let strings):
            let bytes = strings.views.reduce(0) { $0 + ($1.isInline ? 0 : $1.length) }
            return strings.count * 16 + min(bytes, strings.heaps.reduce(0) { $0 + $1.count })
        case .constant(let scalar):
            switch scalar {
            case .null: return 64
            case .string, .bytes: return count * 16 + scalar.byteCount
            default: return writtenByteCount
            }
        case .dictionary(let indices, let values):
            guard case .string(let strings) = values.values else { return max(indices.count * 4, 64) }
            let bytes = indices.count > 0 && strings.count > 0 ? writtenByteCount - indices.count * 16 : 0
            return indices.count * 4
                + (bytes > Self.sharedBytes ? min(bytes, strings.writtenByteCount) : 0)
        default: return byteCount
        }
    }
}
