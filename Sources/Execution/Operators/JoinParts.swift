import Columnar
import Plans
import Scheduling
import Synchronization

/// Joins two sides that are on disk, part by part, and each part with a piece of its right side at a time.
///
///     part 3    right   | piece 0      | piece 1 | piece 2    |      each a table in memory
///               left    | rows … | rows … | …                        pass by every piece
///               then    | left rows, where their partners decide |
///
/// As a rule a part's right side is one piece. It is several when it is too large and cannot be divided: rows with one
/// key, or a join without keys. Which left rows found a partner is then kept from piece to piece, a bit a row.
///
/// - Threads: one at a time: a piece goes when every left row has met it.
final class JoinParts: Sendable {
    private let state: Mutex<JoinPartsState>
    private let context: QueryContext

    init(_ spill: JoinSpill, left: SpillPartitions, right: SpillPartitions) {
        context = spill.context
        state = Mutex(JoinPartsState(spill, left: left, right: right))
    }

    /// The next rows to join; the morsel before it has run.
    ///
    /// - Errors: `EXE-303` when what was put aside is damaged, `SCH-202` when a part's bits find no memory.
    func next() async throws -> Morsel? {
        try await context.compute { [self] in
            try state.withLock { try $0.next(self) }
        }
    }

    func matches(_ rows: Range<Int>) -> JoinMatches? {
        state.withLock { $0.run?.bits?.matches(rows) }
    }

    func keep(_ matches: JoinMatches, from row: Int) {
        state.withLock { $0.run?.keep(matches, from: row) }
    }
}

private struct JoinPartsState {
    private let spill: JoinSpill
    /// Parts not yet begun, the next one last.
    private var waiting: [(part: Int, left: SpillPartitions, right: SpillPartitions)]
    fileprivate var run: JoinRun?

    init(_ spill: JoinSpill, left: SpillPartitions, right: SpillPartitions) {
        self.spill = spill
        waiting = (0..<SpillPartitions.count).reversed().map { ($0, left, right) }
    }

    mutating func next(_ parts: JoinParts) throws -> Morsel? {
        while true {
            try spill.context.check()
            if let morsel = try run?.next(parts) { return morsel }
            run = nil
            guard let next = waiting.popLast() else { return nil }
            try begin(next.part, next.left, next.right)
        }
    }

    private mutating func begin(_ part: Int, _ left: SpillPartitions, _ right: SpillPartitions) throws {
        let kind = spill.work.join.kind
        let leftBlocks = left.blocks(of: part)
        let rightBlocks = right.blocks(of: part)
        if leftBlocks.isEmpty, !kind.keepsRight { return }
        if rightBlocks.isEmpty, !kind.keepsLeft { return }
        let need = rightBlocks.reduce(0) { $0.addingClamped(spill.bytes(of: $1)) }
        let allowance = try SpillAllowance(spill.context, for: "join")
        if try allowance.hold(need, isForcible: right.level == 0) || rightBlocks.isEmpty {
            run = try JoinRun(
                spill, left: (leftBlocks, left), right: (rightBlocks, right), allowance, isWhole: true)
        } else if spill.canDivide(part, of: right) {
            let deeper = (
                left: try spill.divided(leftBlocks, of: left, .left),
                right: try spill.divided(rightBlocks, of: right, .right)
            )
            waiting += (0..<SpillPartitions.count).reversed().map { ($0, deeper.left, deeper.right) }
        } else {
            run = try JoinRun(
                spill, left: (leftBlocks, left), right: (rightBlocks, right), allowance, isWhole: false)
        }
    }
}
