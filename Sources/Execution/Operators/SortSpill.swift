import Columnar
import Scheduling
import Synchronization

/// Sorted runs of one sort on disk.
final class SortSpill: Sendable {
    /// A block is what a merge holds of a run: small, so that many runs meet in little memory.
    private static let blockBytes = 128 << 10
    /// Runs that are merged at once, at most.
    private static let mostRuns = 64

    private let context: QueryContext
    private let file = Mutex<SpillFile?>(nil)

    init(_ context: QueryContext) { self.context = context }

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

    /// Adds rows that come behind those of `blocks`.
    func append(_ batch: Batch, to blocks: inout [SpillBlock]) throws {
        try append(batch, to: target(), &blocks)
    }

    /// What `append` wrote, as a run.
    func run(_ blocks: [SpillBlock]) throws -> SortRun { .disk(blocks, try target()) }

    /// Merges the runs; more than memory holds blocks of are first merged into fewer, longer ones.
    ///
    /// The reservation is that of the blocks being read.
    func merger(_ runs: [SortRun], _ work: SortWork) throws -> (MemoryReservation, RunMerger) {
        let rows = min(Batch.capacity, context.batchRows)
        let reservation = try context.memory.reserve(0, for: "sort")
        var runs = runs
        while true {
            let onDisk = runs.filter { if case .disk = $0 { true } else { false } }
            let most = context.spillsEverything ? 2 : try Self.fanIn(onDisk.count, reservation)
            guard onDisk.count > most else {
                return (reservation, try RunMerger(runs, work, batchRows: rows))
            }
            runs = runs.filter { if case .memory = $0 { true } else { false } }
            for start in stride(from: 0, to: onDisk.count, by: most) {
                let part = Array(onDisk[start..<min(onDisk.count, start + most)])
                runs.append(try write(merging: part, work))
            }
        }
    }

    /// How many runs' blocks fit into memory: a block, its decoded rows and their order; at least two.
    private static func fanIn(_ wanted: Int, _ reservation: MemoryReservation) throws -> Int {
        var count = min(wanted, mostRuns)
        while count > 2 {
            if try reservation.resizeIfFree(to: count * 3 * blockBytes) { return count }
            count /= 2
        }
        return 2
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
        let rowBytes = max(1, batch.writtenByteCount / max(1, batch.rowCount))
        let step = min(Batch.capacity, max(1, Self.blockBytes / rowBytes))
        for start in stride(from: 0, to: batch.rowCount, by: step) {
            try context.check()
            blocks.append(try file.write(batch.slice(start..<min(batch.rowCount, start + step))))
        }
    }
}
