import Columnar
import Scheduling
import Synchronization

/// Gives the batches of a source one by one, computing a few morsels ahead, side by side.
///
/// The first round computes one morsel, each further one twice as many up to two a thread: a LIMIT that is soon
/// satisfied reads little, a long result keeps all threads busy. Nothing runs between two calls, so a reader that
/// goes away leaves nothing behind.
///
/// - Order: that of the source.
/// - Threads: one caller at a time.
final class BatchPuller: Sendable {
    private struct State {
        var ready: ArraySlice<Batch> = []
        var isPrepared = false
        /// For the batches of the round.
        var reservation: MemoryReservation?
        var isAtEnd = false
        var round = 1
    }
    private let source: any MorselSource
    private let context: QueryContext
    private let state = Mutex(State())

    init(_ source: any MorselSource, _ context: QueryContext) {
        self.source = source
        self.context = context
    }

    func next() async throws -> Batch? {
        while true {
            try context.check()
            let (batch, isAtEnd) = state.withLock { ($0.ready.popFirst(), $0.isAtEnd) }
            if let batch { return batch }
            if isAtEnd {
                state.withLock { $0.reservation = nil }
                return nil
            }
            try await computeRound()
        }
    }

    private func computeRound() async throws {
        if !state.withLock({ $0.isPrepared }) {
            try await source.prepare()
            state.withLock { $0.isPrepared = true }
        }
        let limit = source.isSequential ? 1 : context.morsels.threadCount * 2
        let size = state.withLock { state in
            defer { state.round = min(limit, state.round * 2) }
            return min(limit, state.round)
        }
        var parts = [[Batch]](repeating: [], count: size)
        var isAtEnd = false
        try await withThrowingTaskGroup(of: (Int, [Batch]).self) { [context] group in
            for place in 0..<size {
                guard let morsel = try await source.next() else {
                    isAtEnd = true
                    break
                }
                group.addTask {
                    let batches = try await context.morsels.run(priority: context.priority) {
                        var batches: [Batch] = []
                        try morsel.run { batch in
                            try context.check()
                            batches.append(batch)
                            return .more
                        }
                        return batches
                    }
                    return (place, batches)
                }
            }
            for try await (place, batches) in group { parts[place] = batches }
        }
        let batches = parts.flatMap { $0 }
        let bytes = batches.reduce(0) { $0 + $1.columns.reduce(0) { $0 + $1.ownByteCount } }
        try state.withLock { state in
            // The round before is read to its end: its bytes are given back first.
            state.reservation = nil
            state.reservation = try context.memory.reserve(bytes, for: "result rows")
            state.ready = batches[...]
            state.isAtEnd = isAtEnd
        }
    }
}
