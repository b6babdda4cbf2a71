import Columnar
import Plans
import Scheduling

/// One part of a join on disk while it is joined.
struct JoinRun {
    private enum Phase { case table, probe, alone, left, end }
    /// A morsel of a join without keys has about so many pairs.
    private static let loopPairs = 65_536

    private let spill: JoinSpill
    private let left: (blocks: [SpillBlock], partitions: SpillPartitions)
    private let right: SpillPartitions
    /// Right blocks that no piece had yet.
    private var rest: ArraySlice<SpillBlock>
    private let isWhole: Bool
    private let allowance: SpillAllowance
    /// Nil where a left row is done once it was probed: the right side is one piece, or nobody asks.
    private(set) var bits: JoinMatchBits?
    private let bitsReservation: MemoryReservation?
    private var phase = Phase.table
    private var table: JoinTable?
    private var marks: JoinMarks?
    /// Of the left blocks.
    private var nextBlock = 0
    /// Left rows that are read and not yet given out, and the number of the first of them.
    private var pending: ArraySlice<Batch> = []
    private var row = 0

    /// `allowance` holds the right side when it `isWhole`.
    ///
    /// - Errors: `SCH-202` when the bits of the left rows find no memory.
    init(
        _ spill: JoinSpill, left: (blocks: [SpillBlock], partitions: SpillPartitions),
        right: (blocks: [SpillBlock], partitions: SpillPartitions), _ allowance: SpillAllowance, isWhole: Bool
    ) throws {
        self.spill = spill
        self.left = left
        rest = right.blocks[...]
        self.right = right.partitions
        self.allowance = allowance
        self.isWhole = isWhole
        let kind = spill.work.join.kind
        guard !isWhole, JoinMatches.areNeeded(kind) else {
            bitsReservation = nil
            return
        }
        let rowCount = left.blocks.reduce(0) { $0 + $1.rowCount }
        bitsReservation = try spill.context.memory.reserve(
            JoinMatchBits.byteCount(kind, rowCount: rowCount), for: "join")
        bits = JoinMatchBits(kind, rowCount: rowCount)
    }

    mutating func keep(_ matches: JoinMatches, from row: Int) { bits?.keep(matches, from: row) }

    /// The next morsel; the one before has run. Nil at the end.
    mutating func next(_ parts: JoinParts) throws -> Morsel? {
        while true {
            switch phase {
            case .table:
                try makeTable()
                phase = .probe
            case .probe:
                let isLoop = spill.work.isNestedLoop
                let step = isLoop ? max(1, Self.loopPairs / max(1, table?.rows.rowCount ?? 1)) : Int.max
                if let batch = try nextLeft(step), let table {
                    defer { row += batch.rowCount }
                    return probe(batch, table, parts)
                }
                phase = .alone
            case .alone:
                let ended = (table: table, marks: marks)
                (table, marks, nextBlock, row) = (nil, nil, 0, 0)
                phase = !rest.isEmpty ? .table : bits == nil ? .end : .left
                if let table = ended.table, let marks = ended.marks { return alone(table, marks) }
            case .left:
                if let batch = try nextLeft(.max), let bits {
                    let matches = bits.matches(row..<row + batch.rowCount)
                    row += batch.rowCount
                    return give(batch, matches)
                }
                phase = .end
            case .end: return nil
            }
        }
    }

    /// The next piece of the right side: as many blocks as memory holds, one at least.
    private mutating func makeTable() throws {
        let context = spill.context
        if !isWhole { try allowance.release() }
        // Not all that is free: what takes this join's rows needs memory too.
        let room = max(SpillAllowance.floorBytes, (context.memory.limit - context.memory.reserved) / 2)
        var batches: [Batch] = []
        var bytes = 0
        while let block = rest.first {
            try context.check()
            bytes = bytes.addingClamped(spill.bytes(of: block))
            if !isWhole {
                let isHeld = try bytes <= room && allowance.hold(bytes, isForcible: false)
                // Tests want many pieces.
                if !batches.isEmpty, !isHeld || allowance.isForced { break }
            }
            batches.append(try right.file.read(block, schema: right.schema))
            rest = rest.dropFirst()
        }
        let made = try JoinTable(batches, spill.work, context, allowance.reservation)
        table = made
        if spill.work.join.kind.settlesRight { marks = JoinMarks(count: made.rows.rowCount) }
    }

    /// At most `step` left rows; nil when all were given.
    private mutating func nextLeft(_ step: Int) throws -> Batch? {
        while pending.isEmpty {
            guard nextBlock < left.blocks.count else { return nil }
            let batch = try left.partitions.file.read(left.blocks[nextBlock], schema: left.partitions.schema)
            nextBlock += 1
            let size = min(step, batch.rowCount)
            if size == 0 { continue }
            pending =
                stride(from: 0, to: batch.rowCount, by: size).map { start in
                    batch.slice(start..<min(batch.rowCount, start + size))
                }[...]
        }
        return pending.popFirst()
    }

    private func probe(_ batch: Batch, _ table: JoinTable, _ parts: JoinParts) -> Morsel {
        let (work, context) = (spill.work, spill.context)
        let (first, isDone) = (row, bits == nil)
        return Morsel { [marks] emit in
            if isDone {
                var probe = JoinProbe(batch, work, table, marks, context)
                _ = try probe.run(emit)
                return
            }
            let known = parts.matches(first..<first + batch.rowCount)
            var probe = JoinProbe(batch, work, table, marks, context, matches: known)
            if try probe.find(emit) == .finished { return }
            parts.keep(probe.matches, from: first)
        }
    }

    private func alone(_ table: JoinTable, _ marks: JoinMarks) -> Morsel {
        let (work, context) = (spill.work, spill.context)
        return Morsel { emit in _ = try table.give(marks.settled(work.join.kind)[...], work, context, emit) }
    }

    private func give(_ batch: Batch, _ matches: JoinMatches) -> Morsel {
        let (work, context) = (spill.work, spill.context)
        return Morsel { emit in _ = try matches.giveLeft(batch, work, context, emit) }
    }
}
