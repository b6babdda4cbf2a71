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
        var reservations: [MemoryReservation] = []
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
                state.withLock { $0.reservations = [] }
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
            // The round before is read to its end: its bytes are given back first.
            state.reservations = []
            return min(limit, state.round)
        }
        var parts = [[Batch]](repeating: [], count: size)
        var reservations: [MemoryReservation] = []
        var isAtEnd = false
        try await withThrowingTaskGroup(of: (Int, HeldBatches).self) { [context] group in
            for place in 0..<size {
                guard let morsel = try await source.next() else {
                    isAtEnd = true
                    break
                }
                group.addTask {
                    (place, try await HeldBatches(morsel, context, for: "result rows"))
                }
            }
            for try await (place, held) in group {
                parts[place] = held.batches
                reservations.append(held.reservation)
            }
        }
        let batches = parts.flatMap { $0 }
        state.withLock { state in
            state.reservations = reservations
            state.ready = batches[...]
            state.isAtEnd = isAtEnd
        }
    }
}
