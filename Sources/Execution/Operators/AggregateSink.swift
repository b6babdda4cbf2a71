import Columnar
import Kernels
import Scheduling
import Synchronization

/// One thread's part of an aggregation.
///
/// When memory is used up its groups go to disk as keys and states, and it begins anew.
///
/// - Errors: `SCH-202` for an aggregation without keys, whose one group must be held but for distinct arguments.
final class AggregateSink: LocalSink {
    private struct State {
        var table: AggregateTable
        let allowance: SpillAllowance
    }
    private let work: AggregateWork
    private let evaluator: ExpressionEvaluator
    private let spill: AggregateSpill
    private let state: Mutex<State>

    init(_ work: AggregateWork, _ spill: AggregateSpill, _ context: QueryContext) throws {
        self.work = work
        self.spill = spill
        evaluator = context.evaluator
        state = Mutex(
            State(
                table: try AggregateTable(work),
                allowance: try SpillAllowance(context, for: "aggregation")))
    }

    func consume(_ batch: Batch) throws -> Demand {
        let columns = try evaluator.evaluate(work.expressions, over: batch)
        try state.withLock { state in
            try state.table.update(columns, rowCount: batch.rowCount)
            if try !Self.reserve(&state, canSpill: work.canSpill) { try putAside(&state) }
        }
        return .more
    }

    /// False when the groups must go to disk.
    private static func reserve(_ state: inout State, canSpill: Bool) throws -> Bool {
        let bytes = state.table.byteCount
        let reserved = state.allowance.reservation.bytes
        // In steps, so that the ledger is not asked for every batch.
        guard bytes > reserved || bytes * 4 < reserved || state.allowance.isForced else { return true }
        let wanted = bytes + bytes / 4 + 4096
        guard canSpill else {
            try state.allowance.reservation.resize(to: wanted)
            return true
        }
        return try state.allowance.hold(wanted)
    }

    private func putAside(_ state: inout State) throws {
        try spill.write(state.table)
        state.table = try AggregateTable(work)
        try state.allowance.release()
    }

    /// Writes what is still in memory.
    func putAsideRest() throws {
        try state.withLock { state in
            if state.table.groupCount > 0 { try putAside(&state) }
        }
    }

    var groupCount: Int { state.withLock { $0.table.groupCount } }

    /// Its groups with their answers, after adding those of `others`.
    func finish(with others: [AggregateSink], _ supervisor: any KernelSupervisor) throws -> [Batch] {
        let tables = others.map { sink in sink.state.withLock { $0.table } }
        return try state.withLock { state in
            for table in tables { try state.table.merge(table) }
            return try state.table.finish(supervisor)
        }
    }
}
