import Columnar
import Kernels
import Plans
import Scheduling
import Synchronization

/// Both sides of one join on disk, divided by the hash of their keys, and joined part by part.
///
///     right   | part 0 | part 1 | …      written as soon as memory is used up, by all threads
///     left    | part 0 | part 1 | …      written whole afterwards
///
/// Rows with equal keys meet in one part, so every kind of join can be answered part by part. A part whose right side
/// memory does not hold is divided again; one that cannot be divided, because all its keys are equal, is joined with a
/// piece of its right side at a time.
///
/// Source: DeWitt et al., "Implementation Techniques for Main Memory Database Systems", SIGMOD 1984 (GRACE).
final class JoinSpill: Sendable {
    enum Side { case left, right }

    private let work: JoinWork
    private let profile: OperatorProfile
    private let context: QueryContext
    private let isStarted = Atomic<Bool>(false)
    private let sides = Mutex<(left: SpillPartitions?, right: SpillPartitions?)>((nil, nil))

    init(_ work: JoinWork, _ profile: OperatorProfile, _ context: QueryContext) {
        self.work = work
        self.profile = profile
        self.context = context
    }

    /// Without keys there is nothing to divide by.
    var isPossible: Bool { context.spill != nil && !work.join.leftKeys.isEmpty }

    /// Some thread ran out of memory: all put their rows aside.
    var isActive: Bool { isStarted.load(ordering: .acquiring) }

    func start() { isStarted.store(true, ordering: .releasing) }

    func partitions(_ side: Side) throws -> SpillPartitions {
        try sides.withLock { sides in
            if let known = side == .left ? sides.left : sides.right { return known }
            let made = SpillPartitions(
                try context.makeSpillFile(), schema: side == .left ? work.left : work.right, level: 0)
            if side == .left { sides.left = made } else { sides.right = made }
            return made
        }
    }

    func hashes(_ batch: Batch, _ side: Side) throws -> [UInt64] {
        let keys = side == .left ? work.join.leftKeys : work.join.rightKeys
        return ColumnHash.rows(try context.evaluator.evaluate(keys, over: batch), count: batch.rowCount)
    }

    /// The join of one part.
    ///
    /// - Errors: `SCH-202` for a join that must see all partners of a row at once, when they are more than memory holds.
    func join(
        _ part: Int, _ left: SpillPartitions, _ right: SpillPartitions, _ emit: (Batch) throws -> Demand
    ) throws -> Demand {
        let leftBlocks = left.blocks(of: part)
        let rightBlocks = right.blocks(of: part)
        if leftBlocks.isEmpty, !work.join.kind.keepsRight { return .more }
        if rightBlocks.isEmpty, !work.join.kind.keepsLeft { return .more }
        let need = JoinTable.bytes(
            rows: rightBlocks.reduce(0) { $0 + $1.rowCount },
            bytes: rightBlocks.reduce(0) { $0 + $1.memoryBytes }, work)
        let allowance = try SpillAllowance(context, for: "join")
        if try allowance.hold(need, isForcible: right.level == 0) || rightBlocks.isEmpty {
            return try join(leftBlocks, left, rightBlocks, right, allowance, emit)
        }
        if right.level + 1 < SpillPartitions.levels, !right.isAll(in: part) || right.level == 0 {
            let deeperLeft = try divided(leftBlocks, of: left, .left)
            let deeperRight = try divided(rightBlocks, of: right, .right)
            for part in 0..<SpillPartitions.count
            where try join(part, deeperLeft, deeperRight, emit) == .finished { return .finished }
            return .more
        }
        guard work.join.kind == .inner || work.join.kind == .right else {
            try allowance.reservation.resize(to: need)
            return try join(leftBlocks, left, rightBlocks, right, allowance, emit)
        }
        for blocks in pieces(rightBlocks, allowance)
        where try join(leftBlocks, left, blocks, right, allowance, emit) == .finished { return .finished }
        return .more
    }

    /// Blocks in runs that memory holds, at least one block each.
    private func pieces(_ blocks: [SpillBlock], _ allowance: SpillAllowance) -> [[SpillBlock]] {
        let room = max(SpillAllowance.floorBytes, (context.memory.limit - context.memory.reserved) / 2)
        var pieces: [[SpillBlock]] = []
        var taken = 0
        for block in blocks {
            let bytes = JoinTable.bytes(rows: block.rowCount, bytes: block.memoryBytes, work)
            if pieces.isEmpty || taken + bytes > room {
                pieces.append([])
                taken = 0
            }
            pieces[pieces.count - 1].append(block)
            taken += bytes
        }
        return pieces
    }

    private func divided(
        _ blocks: [SpillBlock], of partitions: SpillPartitions, _ side: Side
    ) throws -> SpillPartitions {
        let deeper = SpillPartitions(
            try context.makeSpillFile(), schema: partitions.schema, level: partitions.level + 1)
        var writer = SpillPartitions.Writer(deeper)
        for block in blocks {
            try context.check()
            let batch = try partitions.file.read(block, schema: partitions.schema)
            try writer.write(batch, hashes: try hashes(batch, side))
        }
        try writer.finish()
        profile.spilled(bytes: deeper.file.byteCount)
        return deeper
    }

    private func join(
        _ leftBlocks: [SpillBlock], _ left: SpillPartitions, _ rightBlocks: [SpillBlock],
        _ right: SpillPartitions, _ allowance: SpillAllowance, _ emit: (Batch) throws -> Demand
    ) throws -> Demand {
        var batches: [Batch] = []
        for block in rightBlocks { batches.append(try right.file.read(block, schema: right.schema)) }
        let table = try JoinTable(batches, work, context, allowance.reservation)
        batches = []
        let marks = work.join.kind.keepsRight ? JoinMarks(count: table.rows.rowCount) : nil
        for block in leftBlocks {
            try context.check()
            let batch = try left.file.read(block, schema: left.schema)
            var probe = JoinProbe(batch, work, table, marks, (profile, context))
            if try probe.run(emit) == .finished { return .finished }
        }
        return try marks?.giveUnmatched(table, work, (profile, context), emit) ?? .more
    }
}

/// One thread's part of a left side that goes to disk.
final class JoinLeftSink: LocalSink {
    private let spill: JoinSpill
    private let writer: Mutex<SpillPartitions.Writer>

    init(_ spill: JoinSpill) throws {
        self.spill = spill
        writer = Mutex(SpillPartitions.Writer(try spill.partitions(.left)))
    }

    func consume(_ batch: Batch) throws -> Demand {
        let dense = batch.dense()
        let hashes = try spill.hashes(dense, .left)
        try writer.withLock { try $0.write(dense, hashes: hashes) }
        return .more
    }

    func finish() throws { try writer.withLock { try $0.finish() } }
}
