import Columnar
import Plans
import Scheduling
import Synchronization

/// A join: holds the right side, then finds partners as part of the left side's morsels.
///
///     left morsels      | probe | probe | probe |
///     RIGHT and FULL                            | right rows that nobody found |
///     semi and anti, mirrored: all left rows are seen before the first | right rows | right rows |
///
/// - Order: none is kept among right rows; left rows come in theirs.
/// - Threads: joins without keys are probed by one task: they cut left morsels into small ones and keep the rest here.
///   In RIGHT and FULL the tasks that find no more left morsels wait until the others have run theirs.
final class JoinSource: MorselSource {
    /// A morsel of a join without keys has about so many pairs.
    private static let nestedLoopPairs = 65_536
    /// Right rows of a morsel.
    private static let settledRows = 65_536

    private struct State {
        var table: JoinTable?
        var marks: JoinMarks?
        /// Left rows that are cut off and not yet probed.
        var pending: ArraySlice<Batch> = []
        /// What a left morsel gave, as far as it is not cut yet.
        var held: (batches: HeldBatches, next: Int)?
        /// Right rows that are given once every left row was seen, as far as they were not yet given.
        var settled: ArraySlice<Int32>?
        /// Both sides, when they are on disk.
        var parts: JoinParts?
    }
    private let work: JoinWork
    private let left: any MorselSource
    private let right: any MorselSource
    private let context: QueryContext
    private let spill: JoinSpill
    private let channels: FilterChannels
    private let probes = JoinProbes()
    private let state = Mutex(State())

    init(
        _ work: JoinWork, left: any MorselSource, right: any MorselSource, _ channels: FilterChannels,
        _ context: QueryContext
    ) {
        self.work = work
        self.channels = channels
        self.left = left
        self.right = right
        self.context = context
        spill = JoinSpill(work, context)
    }

    /// Asked after `prepare`: a single right row is no loop.
    var isSequential: Bool {
        if spill.isActive { return true }
        return isMirrored ? false : left.isSequential || isLoop
    }

    /// The answer has right rows alone.
    private var isMirrored: Bool { work.join.kind.settlesRight && !work.join.kind.givesPairs }

    private var isLoop: Bool {
        work.isNestedLoop && state.withLock { ($0.table?.rows.rowCount ?? 2) > 1 }
    }

    func prepare() async throws {
        // A step of a recursion prepares anew: what the last one told is over.
        for channel in work.join.channels { if let channel { channels[channel] = nil } }
        let sinks = try await MorselDrain(context: context).run(right) { [work, spill, context] in
            try JoinSink(work, spill, context)
        }
        if spill.isActive { return try await putAside(sinks) }
        let table = try await context.compute { [work, channels, context] in
            for sink in sinks { try sink.release() }
            let reservation = try context.memory.reserve(0, for: "join")
            let table = try JoinTable(sinks.flatMap(\.kept), work, context, reservation)
            try table.tell(channels, work, context)
            return table
        }
        state.withLock { state in
            state.table = table
            if work.join.kind.settlesRight { state.marks = JoinMarks(count: table.rows.rowCount) }
        }
        guard needsLeft(table) else { return }
        if isMirrored { try await seeLeft(table) } else { try await left.prepare() }
    }

    /// Marks the right rows that have a partner; all threads do, each on a list of its own.
    private func seeLeft(_ table: JoinTable) async throws {
        let sinks = try await MorselDrain(context: context).run(left) { [work, context] in
            try JoinMarkSink(work, table, context)
        }
        let settled = try await context.compute { [work, context] in
            let marks = sinks[0].marks
            for sink in sinks.dropFirst() {
                try context.check()
                marks.formUnion(sink.marks)
            }
            return marks.settled(work.join.kind)
        }
        state.withLock { state in
            state.marks = nil
            state.settled = settled[...]
        }
    }

    /// The rest of the right side goes to disk, and all of the left one.
    private func putAside(_ sinks: [JoinSink]) async throws {
        for sink in sinks {
            try await context.compute { try sink.putAsideRest() }
        }
        let leftSinks = try await MorselDrain(context: context).run(left) { [spill] in
            try JoinLeftSink(spill)
        }
        for sink in leftSinks {
            try await context.compute { try sink.finish() }
        }
        let sides = (left: try spill.partitions(.left), right: try spill.partitions(.right))
        state.withLock { $0.parts = JoinParts(spill, left: sides.left, right: sides.right) }
    }

    /// Nothing meets an empty side; left rows matter only when they are kept.
    private func needsLeft(_ table: JoinTable) -> Bool {
        table.rows.rowCount > 0 || work.join.kind.keepsLeft
    }

    func next() async throws -> Morsel? {
        let (table, marks, parts) = state.withLock { ($0.table, $0.marks, $0.parts) }
        if let parts { return try await parts.next() }
        guard let table else {
            throw ExecutionError(.inconsistentPlan, "a join was read before it was prepared")
        }
        guard needsLeft(table) else { return nil }
        if isMirrored { return nextSettled(table) }
        // Begun before a morsel is asked for: nobody may find all done in between.
        var ticket = marks.map { _ in probes.begin() }
        if let input = try await nextLeft(table) {
            let ticket = ticket
            return Morsel { [work, context] emit in
                defer { ticket?.done() }
                try input.run { batch in
                    var probe = JoinProbe(batch, work, table, marks, context)
                    return try probe.run(emit)
                }
            }
        }
        guard let marks else { return nil }
        ticket = nil
        await probes.allDone()
        if state.withLock({ $0.settled == nil }) {
            try await context.compute { [self] in
                state.withLock { state in
                    if state.settled == nil { state.settled = marks.settled(work.join.kind)[...] }
                }
            }
        }
        return nextSettled(table)
    }

    private func nextSettled(_ table: JoinTable) -> Morsel? {
        let rows = state.withLock { state in
            let rows = state.settled?.prefix(Self.settledRows) ?? []
            state.settled?.removeFirst(rows.count)
            return rows
        }
        if rows.isEmpty { return nil }
        return Morsel { [work, context] emit in
            _ = try table.give(rows, work, context, emit)
        }
    }

    private func nextLeft(_ table: JoinTable) async throws -> Morsel? {
        guard isLoop else { return try await left.next() }
        while true {
            if let batch = state.withLock({ $0.pending.popFirst() }) { return Morsel([batch]) }
            if let held = state.withLock({ $0.held }), held.next < held.batches.count {
                let batch = try await held.batches.batch(held.next)
                let step = max(1, Self.nestedLoopPairs / max(1, table.rows.rowCount))
                let parts = stride(from: 0, to: batch.rowCount, by: step).map { start in
                    batch.slice(start..<min(batch.rowCount, start + step))
                }
                state.withLock { state in
                    state.pending = parts[...]
                    state.held?.next += 1
                }
                continue
            }
            state.withLock { $0.held = nil }
            guard let morsel = try await left.next() else { return nil }
            let held = try await HeldBatches.filled(by: morsel, context, for: "join")
            state.withLock { $0.held = (held, 0) }
        }
    }
}
