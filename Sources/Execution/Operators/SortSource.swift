import Columnar
import Kernels
import Scheduling
import Synchronization

/// Gives the rows of a sort in order, when its input was read to the end: merges the threads' sorted runs.
final class SortSource: MorselSource {
    private struct State {
        var merger: RunMerger?
        var skip: Int
        var take: Int
        /// The last row of the limit, once it was given; only what sorts as it follows.
        var last: RowOrder?
        /// They hold the memory of runs that are not on disk.
        var sinks: [SortSink] = []
        var reservation: MemoryReservation?
    }
    private let work: SortWork
    private let input: any MorselSource
    private let context: QueryContext
    private let spill: SortSpill
    private let limit: Int?
    private let state: Mutex<State>

    init(
        _ work: SortWork, _ window: (offset: Int, count: Int?), input: any MorselSource,
        _ context: QueryContext
    ) {
        self.work = work
        self.input = input
        self.context = context
        spill = SortSpill(context)
        limit = window.count.map { window.offset.addingClamped($0) }
        state = Mutex(State(skip: window.offset, take: window.count ?? .max))
    }

    var isSequential: Bool { true }

    func prepare() async throws {
        if limit == 0 { return }
        let sinks = try await MorselDrain(context: context).run(input) { [work, limit, spill, context] in
            try SortSink(work, limit: limit, spill, context)
        }
        var runs: [SortRun] = []
        try await withThrowingTaskGroup(of: [SortRun].self) { group in
            for sink in sinks {
                group.addTask { [context] in try await context.compute { try sink.finish() } }
            }
            for try await part in group { runs += part }
        }
        let (reservation, merger) = try await context.compute { [work, spill, runs] in
            try spill.merger(runs, work)
        }
        state.withLock { state in
            state.merger = merger
            state.sinks = sinks
            state.reservation = reservation
        }
    }

    func next() async throws -> Morsel? {
        guard let batch = try await context.compute({ [self] in try nextBatch() }) else { return nil }
        return Morsel([batch])
    }

    private func nextBatch() throws -> Batch? {
        try state.withLock { state in
            while state.take > 0 || state.last != nil, let batch = try state.merger?.next() {
                try context.check()
                let skipped = min(state.skip, batch.rowCount)
                var taken = min(state.take, batch.rowCount - skipped)
                state.skip -= skipped
                state.take -= taken
                if work.keepsTies, state.take == 0 {
                    taken += try ties(in: batch, behind: skipped + taken, &state)
                }
                if taken > 0 { return batch.slice(skipped..<skipped + taken) }
            }
            // Blocks and memory are given back before the reader asks for more elsewhere.
            state.merger = nil
            state.sinks = []
            state.reservation = nil
            return nil
        }
    }

    /// How many rows from `place` on sort as the last row of the limit, which is the one before unless it was given
    /// already. Where another row follows, the state looks no further.
    private func ties(in batch: Batch, behind place: Int, _ state: inout State) throws -> Int {
        if state.last == nil { state.last = try work.order(of: batch.slice(place - 1..<place)) }
        guard place < batch.rowCount, let last = state.last else { return 0 }
        let count = try work.order(of: batch.slice(place..<batch.rowCount))
            .rows(before: 0, of: last, orEqual: true).count
        if place + count < batch.rowCount { state.last = nil }
        return count
    }
}
