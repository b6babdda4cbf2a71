import Columnar
import Kernels
import Plans
import Scheduling
import Synchronization

/// The rows a recursion's step reads in one round.
final class WorkingRows: Sendable {
    private let held = Mutex<HeldBatches?>(nil)

    var batches: HeldBatches? {
        get { held.withLock { $0 } }
        set { held.withLock { $0 = newValue } }
    }
}

/// Gives the rows of a round as they are now, under a reference's own names.
final class WorkingTableSource: MorselSource {
    private let rows: WorkingRows
    private let schema: Schema
    private let next = Mutex(0)

    init(_ rows: WorkingRows, _ schema: Schema) {
        self.rows = rows
        self.schema = schema
    }

    var isSequential: Bool { true }

    func prepare() async throws {}

    func next() async throws -> Morsel? {
        let index = next.withLock { next in
            defer { next += 1 }
            return next
        }
        guard let batches = rows.batches, index < batches.count else { return nil }
        return Morsel { [schema] emit in
            let batch = try batches.batch(index)
            _ = try emit(Batch(schema: schema, columns: batch.columns, rowCount: batch.rowCount))
        }
    }
}

/// Gives the base's rows, then those of the step over the rows given last, until a round gives none.
///
/// A round is computed when its rows are asked for, so a LIMIT above ends a recursion without end.
///
/// - Errors: `EXE-102` beyond `recursionRounds`; `SCH-202` when the rows a UNION remembers take more than the query's
///   memory.
final class RecursionSource: MorselSource {
    private struct State {
        var round = 0
        /// Of the round's rows, the next to give.
        var ready = 0
        /// Rows given so far, for UNION.
        var seen: GroupTable?
        var isAtEnd = false
    }
    private let recursion: Recursion
    private let schema: Schema
    private let working: WorkingRows
    private let base: any MorselSource
    private let step: @Sendable () throws -> any MorselSource
    private let context: QueryContext
    private let reservation: MemoryReservation
    private let state: Mutex<State>

    /// `step` compiles the step anew: a source runs only once.
    init(
        _ recursion: Recursion, _ schema: Schema, base: any MorselSource, working: WorkingRows,
        _ context: QueryContext, step: @escaping @Sendable () throws -> any MorselSource
    ) throws {
        self.recursion = recursion
        self.schema = schema
        self.base = base
        self.working = working
        self.context = context
        self.step = step
        reservation = try context.memory.reserve(0, for: "recursion")
        state = Mutex(
            State(seen: recursion.isDistinct ? GroupTable(types: schema.fields.map(\.type)) : nil))
    }

    var isSequential: Bool { true }

    func prepare() async throws {}

    func next() async throws -> Morsel? {
        while true {
            let (index, isAtEnd, round) = state.withLock { state in
                defer { state.ready += 1 }
                return (state.ready, state.isAtEnd, state.round)
            }
            if let batches = working.batches, index < batches.count {
                return Morsel { emit in _ = try emit(batches.batch(index)) }
            }
            if isAtEnd { return nil }
            guard round < context.recursionRounds else {
                throw ExecutionError(
                    .endless, "a recursion did not end", ["rounds": context.recursionRounds],
                    hint: "add a condition that its last rows fail")
            }
            try await computeRound(round == 0 ? base : context.compute { [step] in try step() })
        }
    }

    private func computeRound(_ source: any MorselSource) async throws {
        let puller = BatchPuller(source, context)
        let batches = try HeldBatches(context, for: "recursion")
        while let batch = try await puller.next() {
            guard let fresh = try await fresh(batch.dense()) else { continue }
            try reservation.resize(to: state.withLock { $0.seen?.byteCount ?? 0 })
            try await context.compute { try batches.append(fresh) }
        }
        working.batches = batches
        state.withLock { state in
            state.ready = 0
            state.round += 1
            state.isAtEnd = batches.count == 0
        }
    }

    /// The rows not given yet, under the base's names; nil when there are none.
    private func fresh(_ batch: Batch) async throws -> Batch? {
        let renamed = Batch(schema: schema, columns: batch.columns, rowCount: batch.rowCount)
        guard recursion.isDistinct else { return batch.rowCount == 0 ? nil : renamed }
        return try await context.compute { [self] in
            let rows = state.withLock { state -> [Int32] in
                let before = state.seen?.count ?? 0
                let groups = state.seen?.groups(of: renamed.columns, rowCount: renamed.rowCount) ?? []
                var isTaken = [Bool](repeating: false, count: (state.seen?.count ?? 0) - before)
                var rows: [Int32] = []
                for (row, group) in groups.enumerated()
                where Int(group) >= before && !isTaken[Int(group) - before] {
                    isTaken[Int(group) - before] = true
                    rows.append(Int32(truncatingIfNeeded: row))
                }
                return rows
            }
            return rows.isEmpty ? nil : renamed.selecting(rows).dense()
        }
    }
}
