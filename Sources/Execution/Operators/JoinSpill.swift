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
/// Rows with equal keys meet in one part, so every kind of join can be answered part by part; `JoinParts` does it. A
/// part whose right side memory does not hold is divided again. Without keys all rows are in one part.
///
/// Source: DeWitt et al., "Implementation Techniques for Main Memory Database Systems", SIGMOD 1984 (GRACE).
final class JoinSpill: Sendable {
    enum Side { case left, right }

    let work: JoinWork
    let context: QueryContext
    private let isStarted = Atomic<Bool>(false)
    private let sides = Mutex<(left: SpillPartitions?, right: SpillPartitions?)>((nil, nil))

    init(_ work: JoinWork, _ context: QueryContext) {
        self.work = work
        self.context = context
    }

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

    /// What a table of the block's rows takes.
    func bytes(of block: SpillBlock) -> Int {
        JoinTable.bytes(rows: block.rowCount, bytes: block.memoryBytes, work)
    }

    /// Whether further bits can tell the part's rows apart.
    func canDivide(_ part: Int, of right: SpillPartitions) -> Bool {
        !work.join.leftKeys.isEmpty && right.level + 1 < SpillPartitions.levels
            && (right.level == 0 || !right.isAll(in: part))
    }

    func divided(
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
        return deeper
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
