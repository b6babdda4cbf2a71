import Columnar
import Scheduling
import Synchronization

/// One thread's part of a join's right side.
///
/// - Errors: `SCH-202` when the query's memory is used up: rows are not yet written to disk.
final class JoinSink: LocalSink {
    private struct State {
        var batches: [Batch] = []
        var bytes = 0
        let reservation: MemoryReservation
    }
    private let state: Mutex<State>

    init(_ context: QueryContext) throws {
        state = Mutex(State(reservation: try context.memory.reserve(0, for: "join")))
    }

    func consume(_ batch: Batch) throws -> Demand {
        try state.withLock { state in
            let dense = batch.dense()
            state.bytes += dense.columns.reduce(0) { $0 + $1.ownByteCount }
            try state.reservation.resize(to: state.bytes)
            state.batches.append(dense)
            return .more
        }
    }

    var kept: (batches: [Batch], bytes: Int) { state.withLock { ($0.batches, $0.bytes) } }
}
