import Columnar
import Kernels
import Plans
import Scheduling
import Synchronization

/// One thread's part of an aggregation: a table of groups and a column of accumulators a call.
///
/// - Errors: `SCH-202` when the query's memory is used up: groups are not yet written to disk.
final class AggregateSink: LocalSink {
    private struct State {
        var table: GroupTable
        var states: [any AggregateState]
        var groupCount: Int
        let reservation: MemoryReservation
    }
    private let work: AggregateWork
    private let evaluator: ExpressionEvaluator
    private let state: Mutex<State>

    init(_ work: AggregateWork, _ context: QueryContext) throws {
        self.work = work
        evaluator = context.evaluator
        state = Mutex(
            State(
                table: GroupTable(types: work.keyTypes), states: try work.makeStates(),
                groupCount: work.keys.isEmpty ? 1 : 0,
                reservation: try context.memory.reserve(0, for: "aggregation")))
    }

    func consume(_ batch: Batch) throws -> Demand {
        let columns = try evaluator.evaluate(work.expressions, over: batch)
        try state.withLock { state in
            var groups: [Int32]?
            if !work.keys.isEmpty {
                groups = state.table.groups(of: work.keys.map { columns[$0] }, rowCount: batch.rowCount)
                state.groupCount = state.table.count
            }
            for (index, call) in work.calls.enumerated() {
                let rows = AggregateRows(
                    arguments: call.arguments.map { columns[$0] }, groups: groups, rowCount: batch.rowCount)
                state.states[index].resize(to: state.groupCount)
                guard let filter = call.filter, let chosen = ExpressionEvaluator.trueRows(columns[filter])
                else {
                    try state.states[index].update(rows)
                    continue
                }
                if !chosen.isEmpty { try state.states[index].update(rows.gather(chosen)) }
            }
            try Self.reserve(&state)
        }
        return .more
    }

    private static func reserve(_ state: inout State) throws {
        let bytes = state.states.reduce(state.table.byteCount) { $0 + $1.byteCount }
        // In steps, so that the ledger is not asked for every batch.
        guard bytes > state.reservation.bytes || bytes * 4 < state.reservation.bytes else { return }
        try state.reservation.resize(to: bytes + bytes / 4 + 4096)
    }

    private func merge(_ other: AggregateSink) throws {
        let (keys, states, count) = other.state.withLock { ($0.table.keys(), $0.states, $0.groupCount) }
        try state.withLock { state in
            var groups = [Int32](repeating: 0, count: count)
            if !work.keys.isEmpty {
                guard count > 0 else { return }
                groups = state.table.groups(of: keys, rowCount: count)
                state.groupCount = state.table.count
            }
            for index in state.states.indices {
                state.states[index].resize(to: state.groupCount)
                try state.states[index].merge(states[index], groups: groups)
            }
            try Self.reserve(&state)
        }
    }

    /// The groups of all sinks with their answers.
    static func finish(_ sinks: [AggregateSink]) throws -> [Batch] {
        for sink in sinks.dropFirst() { try sinks[0].merge(sink) }
        let work = sinks[0].work
        return try sinks[0].state.withLock { state in
            let count = state.groupCount
            var columns = state.table.keys()
            for index in state.states.indices {
                state.states[index].resize(to: max(1, count))
                columns.append(try state.states[index].finish().slice(0..<count))
            }
            let whole = Batch(schema: work.schema, columns: columns, rowCount: count)
            return stride(from: 0, to: count, by: Batch.capacity).map { start in
                whole.slice(start..<min(count, start + Batch.capacity))
            }
        }
    }
}
