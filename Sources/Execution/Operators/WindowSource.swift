import Columnar
import Kernels
import Plans
import Scheduling
import Synchronization

/// Collects sorted rows until a run of whole partitions is there, then computes the window functions over it.
///
///     input   a a a a|a a b b|c c c …
///     run     |- a and b --------|
///
/// Partitions that are smaller than a batch are computed together, runs side by side; one that memory does not hold
/// goes to disk and is computed chunk by chunk.
///
/// - Order: the input's.
/// - Errors: those of `WindowChunks`.
final class WindowSource: MorselSource {
    private enum Run {
        case memory([Batch], SpillAllowance)
        case disk(WindowChunks)
    }
    fileprivate struct State {
        var pending: [Batch] = []
        var rowCount = 0
        var bytes = 0
        var isAtEnd = false
        var allowance: SpillAllowance
        /// A partition on disk, and its chunks not yet given.
        var chunks: (partition: WindowChunks, rest: Range<Int>)?
    }
    private let input: BatchPuller
    private let work: WindowWork
    private let context: QueryContext
    private let state: Mutex<State>
    /// Runs are cut off the input one after the other, and computed side by side.
    private let turnstile = Turnstile()

    init(_ work: WindowWork, _ input: BatchPuller, _ context: QueryContext) throws {
        self.work = work
        self.input = input
        self.context = context
        state = Mutex(State(allowance: try SpillAllowance(context, for: "window")))
    }

    var isSequential: Bool { false }

    func prepare() async throws {}

    func next() async throws -> Morsel? {
        await turnstile.enter()
        defer { turnstile.leave() }
        while true {
            if let (partition, chunk) = state.withLock({ $0.takeChunk() }) {
                return morsel { _ in try partition.run(chunk) }
            }
            switch try await nextRun() {
            case .memory(let batches, let allowance):
                return morsel { [work, context] check in
                    // Held until the rows are handed on.
                    defer { withExtendedLifetime(allowance.reservation) {} }
                    return try work.run(
                        Batch.concatenate(batches, schema: work.inputSchema), context.evaluator, check: check)
                }
            case .disk(let partition):
                state.withLock { $0.chunks = (partition, 0..<partition.count) }
            case nil: return nil
            }
        }
    }

    private func morsel(_ compute: @escaping @Sendable (() throws -> Void) throws -> Batch) -> Morsel {
        Morsel { [context] emit in
            let answered = try compute(context.check)
            let size = min(Batch.capacity, context.batchRows)
            for start in stride(from: 0, to: answered.rowCount, by: size) {
                let part = answered.slice(start..<min(answered.rowCount, start + size))
                if try emit(part) == .finished { return }
            }
        }
    }

    /// Whole partitions, at least a batch of rows where there are so many; nil at the end.
    private func nextRun() async throws -> Run? {
        while true {
            let (last, count, isAtEnd) = state.withLock { ($0.pending.last, $0.rowCount, $0.isAtEnd) }
            if context.spillsEverything, context.spill != nil, last != nil {
                return try await putAsideFirst()
            }
            if isAtEnd { return nil }
            guard let batch = try await input.next()?.dense() else {
                let (pending, allowance) = try taken(leaving: [], isAtEnd: true)
                return pending.isEmpty ? nil : .memory(pending, allowance)
            }
            guard batch.rowCount > 0 else { continue }
            if count >= min(Batch.capacity, context.batchRows), let last {
                let border = try await context.compute { [self] in
                    try work.border(in: batch, after: last, context.evaluator)
                }
                if let border {
                    let (pending, allowance) = try taken(leaving: [batch.slice(border..<batch.rowCount)])
                    let run = border == 0 ? pending : pending + [batch.slice(0..<border)]
                    return .memory(run, allowance)
                }
            }
            if try !keep(batch) { return try await makeRoom() }
        }
    }

    /// False when memory does not hold what is pending.
    private func keep(_ batch: Batch) throws -> Bool {
        try state.withLock { state in
            state.add(batch)
            // The run is put together, and its answers are made beside it.
            let need = (2 * state.bytes).addingClamped(work.scratchBytes(rowCount: state.rowCount))
            return try state.allowance.hold(need)
        }
    }

    /// What was collected; `rest` begins the next run.
    private func taken(leaving rest: [Batch], isAtEnd: Bool = false) throws -> ([Batch], SpillAllowance) {
        let fresh = try SpillAllowance(context, for: "window")
        let taken = state.withLock { state in
            defer {
                state.pending = []
                state.rowCount = 0
                state.bytes = 0
                state.isAtEnd = isAtEnd
                state.allowance = fresh
            }
            return (state.pending, state.allowance)
        }
        // A little more than fits is seen with the next batch.
        for batch in rest where batch.rowCount > 0 { _ = try keep(batch) }
        return taken
    }
}

extension WindowSource {
    /// The whole partitions among the pending rows, or when there is only one, that one on disk.
    private func makeRoom() async throws -> Run {
        let pending = state.withLock { $0.pending }
        let split = try await context.compute { [self] in
            try pending.divided { try work.lastBorder(in: $0, after: $1, context.evaluator) }
        }
        let (batches, allowance) = try taken(leaving: split?.rest ?? [])
        if let split { return .memory(split.whole, allowance) }
        return try await putAside(batches, goesOn: true)
    }

    /// For tests: the first partition among the pending rows goes to disk although memory holds it.
    private func putAsideFirst() async throws -> Run {
        let pending = state.withLock { $0.pending }
        let split = try await context.compute { [self] () -> (whole: [Batch], rest: [Batch])? in
            for index in pending.indices {
                let before = index > 0 ? pending[index - 1] : pending[0].slice(0..<1)
                if let row = try work.border(in: pending[index], after: before, context.evaluator) {
                    return pending.divided(index, row)
                }
            }
            return nil
        }
        let (batches, _) = try taken(leaving: split?.rest ?? [])
        return try await putAside(split?.whole ?? batches, goesOn: split == nil)
    }

    /// Writes a partition that begins with `batches`, and goes on in the input or not.
    private func putAside(_ batches: [Batch], goesOn: Bool) async throws -> Run {
        let spill = try WindowSpill(work, context)
        try await context.compute { try spill.append(batches) }
        var last = goesOn ? batches.last : nil
        while let before = last {
            guard let batch = try await input.next()?.dense() else {
                state.withLock { $0.isAtEnd = true }
                break
            }
            guard batch.rowCount > 0 else { continue }
            let border = try await context.compute { [self] in
                let border = try work.border(in: batch, after: before, context.evaluator)
                try spill.append([batch.slice(0..<(border ?? batch.rowCount))])
                return border
            }
            last = border == nil ? batch : nil
            if let border { _ = try keep(batch.slice(border..<batch.rowCount)) }
        }
        return .disk(try await spill.finish())
    }
}

extension WindowSource.State {
    fileprivate mutating func add(_ batch: Batch) {
        pending.append(batch)
        rowCount += batch.rowCount
        bytes += batch.ownByteCount
    }

    fileprivate mutating func takeChunk() -> (WindowChunks, Int)? {
        guard let (partition, rest) = chunks, let chunk = rest.first else { return nil }
        chunks = rest.count > 1 ? (partition, rest.dropFirst()) : nil
        return (partition, chunk)
    }
}

extension [Batch] {
    /// Cut before a row of one of the batches.
    fileprivate func divided(_ index: Int, _ row: Int) -> (whole: [Batch], rest: [Batch]) {
        let batch = self[index]
        let whole = self[..<index] + (row > 0 ? [batch.slice(0..<row)] : [])
        return (Array(whole), [batch.slice(row..<batch.rowCount)] + self[(index + 1)...])
    }

    /// Cut before the last border there is: `border` finds one in a batch, given the batch before it.
    fileprivate func divided(
        _ border: (Batch, Batch?) throws -> Int?
    ) rethrows -> (whole: [Batch], rest: [Batch])? {
        for index in indices.reversed() {
            if let row = try border(self[index], index > 0 ? self[index - 1] : nil) {
                return divided(index, row)
            }
        }
        return nil
    }
}
