import Columnar
import Scheduling
import Synchronization

/// One thread's part of a join's right side: in memory, or on disk as soon as one thread's part is too large.
final class JoinSink: LocalSink {
    private struct State {
        var batches: [Batch] = []
        var bytes = 0
        var rowCount = 0
        var writer: SpillPartitions.Writer?
        let allowance: SpillAllowance
    }
    private let work: JoinWork
    private let spill: JoinSpill
    private let state: Mutex<State>

    init(_ work: JoinWork, _ spill: JoinSpill, _ context: QueryContext) throws {
        self.work = work
        self.spill = spill
        state = Mutex(State(allowance: try SpillAllowance(context, for: "join")))
    }

    func consume(_ batch: Batch) throws -> Demand {
        try state.withLock { state in
            let dense = batch.dense()
            state.batches.append(dense)
            state.bytes += dense.ownByteCount
            state.rowCount += dense.rowCount
            let need = JoinTable.bytes(rows: state.rowCount, bytes: state.bytes, work)
            if try spill.isActive || !state.allowance.hold(need) { try putAside(&state) }
            return .more
        }
    }

    private func putAside(_ state: inout State) throws {
        spill.start()
        var writer = try state.writer ?? SpillPartitions.Writer(spill.partitions(.right))
        for batch in state.batches { try writer.write(batch, hashes: spill.hashes(batch, .right)) }
        state.writer = writer
        state.batches = []
        state.bytes = 0
        state.rowCount = 0
        try state.allowance.release()
    }

    /// Writes what is still in memory.
    func putAsideRest() throws {
        try state.withLock { state in
            try putAside(&state)
            try state.writer?.finish()
            state.writer = nil
        }
    }

    var kept: [Batch] { state.withLock { $0.batches } }

    /// Gives its memory back, for the table that its rows go into.
    func release() throws { try state.withLock { try $0.allowance.release() } }
}
