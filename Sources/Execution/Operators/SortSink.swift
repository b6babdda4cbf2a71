import Columnar
import Kernels
import Plans
import Scheduling
import Synchronization

/// Keeps rows to sort them at the end; with a row limit only the first ones of the order.
///
/// With a limit of N rows it holds at most about 4 N (or four batches): when it has more it sorts and cuts.
///
/// - Errors: `SCH-202` when the query's memory is used up: rows are not yet written to disk.
final class SortSink: LocalSink {
    private struct State {
        var batches: [Batch] = []
        var rowCount = 0
        var bytes = 0
        /// The last of the rows kept by the last cut: what does not come before it is of no use.
        var bound: RowOrder?
        let reservation: MemoryReservation
    }
    private let order: SortWork
    private let limit: Int?
    private let state: Mutex<State>

    init(_ order: SortWork, limit: Int?, _ context: QueryContext) throws {
        self.order = order
        self.limit = limit
        state = Mutex(State(reservation: try context.memory.reserve(0, for: "sort")))
    }

    func consume(_ batch: Batch) throws -> Demand {
        try state.withLock { state in
            guard let dense = try rowsOfUse(batch, state.bound) else { return .more }
            state.batches.append(dense)
            state.rowCount += dense.rowCount
            // Sorting makes a second copy.
            state.bytes += 2 * dense.columns.reduce(0) { $0 + $1.ownByteCount }
            try state.reservation.resize(to: state.bytes)
            if let limit, state.rowCount > max(limit.multipliedClamped(by: 4), 4 * Batch.capacity) {
                let kept = try order.sorted(state.batches, limit: limit)
                state.batches = [kept]
                state.bound = try order.order(of: kept.slice(kept.rowCount - 1..<kept.rowCount))
                state.rowCount = kept.rowCount
                state.bytes = 2 * kept.columns.reduce(0) { $0 + $1.ownByteCount }
                try state.reservation.resize(to: state.bytes)
            }
            return .more
        }
    }

    /// The batch without the rows that cannot be among the first; nil when none is left.
    private func rowsOfUse(_ batch: Batch, _ bound: RowOrder?) throws -> Batch? {
        let dense = batch.dense()
        guard let bound else { return dense }
        let rows = try order.order(of: dense).rows(before: 0, of: bound)
        if rows.isEmpty { return nil }
        return dense.selecting(rows).dense()
    }

    /// The rows of all sinks in order, from `offset` on, at most `count`.
    static func finish(_ sinks: [SortSink], _ order: SortWork, offset: Int, count: Int?) throws -> [Batch] {
        let batches = sinks.flatMap { sink in sink.state.withLock { $0.batches } }
        guard !batches.isEmpty else { return [] }
        let (end, overflow) = (count ?? .max).addingReportingOverflow(offset)
        let sorted = try order.sorted(batches, limit: overflow ? .max : end)
        return stride(from: offset, to: sorted.rowCount, by: Batch.capacity).map { start in
            sorted.slice(start..<min(sorted.rowCount, start + Batch.capacity))
        }
    }
}

/// What to sort by.
struct SortWork: Sendable {
    let keys: [SortKey]
    let schema: Schema
    let evaluator: ExpressionEvaluator

    func order(of batch: Batch) throws -> RowOrder {
        let columns = try evaluator.evaluate(keys.map(\.expression), over: batch)
        let directions = keys.map {
            SortDirection(isDescending: $0.isDescending, nullsFirst: $0.nullsFirst)
        }
        return RowOrder(columns, directions, rowCount: batch.rowCount)
    }

    /// The first `limit` rows of the order, with strings in a heap of their own.
    func sorted(_ batches: [Batch], limit: Int) throws -> Batch {
        let all = Batch.concatenate(batches, schema: schema)
        let rows = try order(of: all).sortedRows()
        guard limit < rows.count else {
            return Batch(schema: schema, columns: all.columns.map { $0.gather(rows) }, rowCount: rows.count)
        }
        let first = Array(rows[..<limit])
        return Batch(
            schema: schema, columns: all.columns.map { $0.gather(first).flattened().compacted() },
            rowCount: first.count)
    }
}

extension Int {
    func multipliedClamped(by factor: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}

extension Column {
    /// Bytes of the rows themselves: of text the views and what they point at, not the whole shared heap.
    var ownByteCount: Int {
        guard case .string(let strings) = values else {
            if case .dictionary(let indices, _) = values { return indices.count * 4 }
            return byteCount
        }
        return strings.views.reduce(strings.count * 16) { $0 + ($1.isInline ? 0 : $1.length) }
    }
}
