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
        /// Of the round: what is not yet given, in order.
        var ready: ArraySlice<(HeldBatches, Int)> = []
        var isPrepared = false
        var isAtEnd = false
        var round = 1
    }
    private let source: any MorselSource
    private let context: QueryContext
    /// No more rows are taken of one morsel: nobody wants more of all.
    private let rowLimit: Int
    private let state = Mutex(State())

    init(_ source: any MorselSource, _ context: QueryContext, rowLimit: Int = .max) {
        self.source = source
        self.rowLimit = rowLimit
        self.context = context
    }

    func next() async throws -> Batch? {
        while true {
            try context.check()
            let (next, isAtEnd) = state.withLock { ($0.ready.popFirst(), $0.isAtEnd) }
            if let (held, index) = next { return try await held.batch(index) }
            if isAtEnd { return nil }
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
        var parts = [HeldBatches?](repeating: nil, count: size)
        var isAtEnd = false
        try await withThrowingTaskGroup(of: (Int, HeldBatches).self) { [context, rowLimit] group in
            for place in 0..<size {
                guard let morsel = try await source.next() else {
                    isAtEnd = true
                    break
                }
                group.addTask {
                    (
                        place,
                        try await HeldBatches.filled(
                            by: morsel, context, for: "result rows", rowLimit: rowLimit)
                    )
                }
            }
            for try await (place, held) in group {
                parts[place] = held
            }
        }
        let ready = parts.compactMap { $0 }.flatMap { held in (0..<held.count).map { (held, $0) } }
        state.withLock { state in
            state.ready = ready[...]
            state.isAtEnd = isAtEnd
        }
    }
}
