import Columnar
import Synchronization

/// Sorted runs of one sort on disk.
final class SortSpill: Sendable {
    /// A block is what a merge holds of a run: small, so that many runs meet in little memory.
    static let blockBytes = 128 << 10

    private let profile: OperatorProfile
    private let context: QueryContext
    private let file = Mutex<SpillFile?>(nil)

    init(_ profile: OperatorProfile, _ context: QueryContext) {
        self.profile = profile
        self.context = context
    }

    func write(_ sorted: Batch) throws -> SortRun {
        var blocks: [SpillBlock] = []
        let file = try target()
        try append(sorted, to: file, &blocks)
        return .disk(blocks, file)
    }

    /// Makes one run of several.
    func write(merging runs: [SortRun], _ work: SortWork) throws -> SortRun {
        var blocks: [SpillBlock] = []
        let file = try target()
        var merger = try RunMerger(runs, work, batchRows: Batch.capacity)
        while let batch = try merger.next() { try append(batch, to: file, &blocks) }
        return .disk(blocks, file)
    }

    private func target() throws -> SpillFile {
        try file.withLock { known in
            if let known { return known }
            let made = try context.makeSpillFile()
            known = made
            return made
        }
    }

    private func append(_ batch: Batch, to file: SpillFile, _ blocks: inout [SpillBlock]) throws {
        let rowBytes = max(1, batch.ownByteCount / max(1, batch.rowCount))
        let step = min(Batch.capacity, max(1, Self.blockBytes / rowBytes))
        for start in stride(from: 0, to: batch.rowCount, by: step) {
            try context.check()
            let block = try file.write(batch.slice(start..<min(batch.rowCount, start + step)))
            profile.spilled(bytes: block.byteCount)
            blocks.append(block)
        }
    }
}
