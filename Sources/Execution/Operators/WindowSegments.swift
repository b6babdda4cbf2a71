import Columnar
import Kernels
import Plans
import Scheduling

/// Chunks of one partition that are read for one of them: a segment, and the expressions over it.
struct WindowSegment {
    let batch: Batch
    /// As if the segment were a partition; of a single chunk with its place in the partition.
    let rows: WindowRows
    /// Where each chunk's rows stand.
    fileprivate let owners: [Int: Range<Int>]
    fileprivate let work: WindowWork
    fileprivate let columns: [Column]

    func own(_ chunk: Int) -> Range<Int> { owners[chunk] ?? 0..<0 }

    func value(_ expression: Expression) -> Column { work.value(expression, in: columns) }
}

/// Reads segments, each once.
struct WindowSegments {
    private let work: WindowWork
    private let file: SpillFile
    private let context: QueryContext
    private let chunks: [WindowChunk]
    private let rowCount: Int
    private var known: [Range<Int>: WindowSegment] = [:]
    private let reservation: MemoryReservation

    init(
        _ work: WindowWork, _ file: SpillFile, _ context: QueryContext, _ chunks: [WindowChunk],
        rowCount: Int
    ) throws {
        self.work = work
        self.file = file
        self.context = context
        self.chunks = chunks
        self.rowCount = rowCount
        reservation = try context.memory.reserve(0, for: "window")
    }

    /// - Errors: `SCH-202` when more than a chunk and its neighbours is needed, and memory does not hold them.
    mutating func segment(_ range: Range<Int>) throws -> WindowSegment {
        if let segment = known[range] { return segment }
        let count = chunks[range].reduce(0) { $0 + $1.rowCount }
        // The rows as they are read and put together, and what is computed from them.
        let bytes = chunks[range].reduce(0) { $0.addingClamped($1.block.memoryBytes) }
        let wanted = reservation.bytes.addingClamped(3 * bytes).addingClamped(
            work.scratchBytes(rowCount: count))
        if try !reservation.resizeIfFree(to: wanted), range.count > 3 { try reservation.resize(to: wanted) }
        var batches: [Batch] = []
        var owners: [Int: Range<Int>] = [:]
        var start = 0
        for chunk in range {
            try context.check()
            batches.append(try file.read(chunks[chunk].block, schema: work.inputSchema))
            owners[chunk] = start..<start + chunks[chunk].rowCount
            start += chunks[chunk].rowCount
        }
        let batch = Batch.concatenate(batches, schema: work.inputSchema)
        let columns = try context.evaluator.evaluate(work.expressions, over: batch)
        let first = chunks[range.lowerBound]
        let part = WindowPart(
            rowsBefore: first.firstRow, rowCount: rowCount, groupsBefore: first.groupsBefore,
            peers: first.peers)
        let rows = WindowRows(
            partition: [], order: work.windowing.order.map { work.value($0.expression, in: columns) },
            rowCount: count, part: range.count == 1 ? part : nil)
        let segment = WindowSegment(batch: batch, rows: rows, owners: owners, work: work, columns: columns)
        known[range] = segment
        return segment
    }
}
