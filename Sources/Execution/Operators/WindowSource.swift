import Columnar
import Kernels
import Plans
import Scheduling
import Synchronization

/// Collects sorted rows until a run of whole partitions is there, then computes the window functions over it.
///
///     input   a a a a|a a b b|b c c …
///     run     |- a and b --------|
///
/// Partitions that are smaller than a batch are computed together, runs side by side; one larger than memory is
/// refused.
///
/// - Order: the input's.
/// - Errors: `SCH-202` when a partition takes more than the query's memory.
final class WindowSource: MorselSource {
    private struct State {
        var pending: [Batch] = []
        var rowCount = 0
        var bytes = 0
        var isAtEnd = false
        let reservation: MemoryReservation
    }
    private let input: BatchPuller
    private let work: WindowWork
    private let profile: OperatorProfile
    private let context: QueryContext
    private let state: Mutex<State>
    /// Runs are cut off the input one after the other, and computed side by side.
    private let turnstile = Turnstile()

    init(_ work: WindowWork, _ input: BatchPuller, _ profile: OperatorProfile, _ context: QueryContext) throws
    {
        self.work = work
        self.input = input
        self.profile = profile
        self.context = context
        state = Mutex(State(reservation: try context.memory.reserve(0, for: "window")))
    }

    var isSequential: Bool { false }

    func prepare() async throws {}

    func next() async throws -> Morsel? {
        await turnstile.enter()
        defer { turnstile.leave() }
        guard let run = try await nextRun() else { return nil }
        let rows = run.reduce(0) { $0 + $1.rowCount }
        let bytes = run.reduce(0) { sum, batch in batch.columns.reduce(sum) { $0 + $1.ownByteCount } }
        let scratch = try context.memory.reserve(
            bytes.addingClamped(work.scratchBytes(rowCount: rows)), for: "window")
        return Morsel { [work, profile, context] emit in
            let answered = try profile.timed(context.clock) {
                try work.run(
                    Batch.concatenate(run, schema: work.inputSchema), context.evaluator, check: context.check)
            }
            // Held until the rows are handed on.
            defer { withExtendedLifetime(scratch) {} }
            let size = min(Batch.capacity, context.batchRows)
            for start in stride(from: 0, to: answered.rowCount, by: size) {
                let part = answered.slice(start..<min(answered.rowCount, start + size))
                profile.gave(part.rowCount)
                if try emit(part) == .finished { return }
            }
        }
    }

    /// Whole partitions, at least a batch of rows where there are so many; nil at the end.
    private func nextRun() async throws -> [Batch]? {
        while true {
            let (last, count, isAtEnd) = state.withLock { ($0.pending.last, $0.rowCount, $0.isAtEnd) }
            if isAtEnd { return nil }
            guard let batch = try await input.next()?.dense() else {
                let pending = try taken(leaving: nil)
                return pending.isEmpty ? nil : pending
            }
            guard batch.rowCount > 0 else { continue }
            if count >= min(Batch.capacity, context.batchRows), let last {
                let border = try await context.compute { [self] in
                    try profile.timed(context.clock) {
                        try work.border(in: batch, after: last, context.evaluator)
                    }
                }
                if let border {
                    let pending = try taken(leaving: batch.slice(border..<batch.rowCount))
                    return border == 0 ? pending : pending + [batch.slice(0..<border)]
                }
            }
            try keep(batch)
        }
    }

    private func keep(_ batch: Batch) throws {
        try state.withLock { state in
            state.pending.append(batch)
            state.rowCount += batch.rowCount
            state.bytes += batch.columns.reduce(0) { $0 + $1.ownByteCount }
            try state.reservation.resize(to: state.bytes)
        }
    }

    /// What was collected; `rest` begins the next run, nil ends the last one.
    private func taken(leaving rest: Batch?) throws -> [Batch] {
        let pending = state.withLock { state in
            defer {
                state.pending = []
                state.rowCount = 0
                state.bytes = 0
                state.isAtEnd = rest == nil
            }
            return state.pending
        }
        if let rest { try keep(rest) }
        return pending
    }
}
