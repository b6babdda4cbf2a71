import Columnar
import Scheduling

/// Some rows of a partition that is on disk.
struct WindowChunk: Sendable {
    let block: SpillBlock
    /// Its first row's place in the partition.
    let firstRow: Int
    /// Groups of peers before the first row's.
    let groupsBefore: Int
    /// Places of the rows that all sort like the chunk's, when they are more than the chunk; nil when every row of the
    /// chunk has all its peers in it.
    fileprivate(set) var peers: Range<Int>?

    var rowCount: Int { block.rowCount }
}

/// Cuts a partition into chunks and writes them.
///
///     order    1 1 2 3|3 … 3|3 3|4 5 5 …
///     chunks   |-----|-----|---|-----       the threes are more than a chunk, so they have chunks of their own
struct WindowChunkWriter {
    private let work: WindowWork
    private let context: QueryContext
    private let file: SpillFile
    private let mostRows: Int
    private let mostBytes: Int

    private var pending: [Batch] = []
    private var pendingRows = 0
    private var pendingBytes = 0
    private(set) var chunks: [WindowChunk] = []
    private(set) var rowCount = 0
    private var groupCount = 0
    /// The row before the pending ones.
    private var last: Batch?
    /// The first chunk of a group of peers that is not at its end.
    private var openGroup: Int?

    init(_ work: WindowWork, _ file: SpillFile, _ context: QueryContext) {
        self.work = work
        self.file = file
        self.context = context
        // Tests want many chunks. Otherwise a chunk with its neighbours is to fit into memory several times.
        mostRows = context.spillsEverything ? 3 : min(Batch.capacity, context.batchRows)
        mostBytes = max(16 << 10, min(4 << 20, context.memory.limit / 64))
    }

    mutating func append(_ batch: Batch) throws {
        let rowBytes = max(1, batch.writtenByteCount / max(1, batch.rowCount))
        let step = max(1, min(mostRows, mostBytes / rowBytes))
        for start in stride(from: 0, to: batch.rowCount, by: step) {
            let part = batch.slice(start..<min(batch.rowCount, start + step))
            pending.append(part)
            pendingRows += part.rowCount
            pendingBytes += part.rowCount * rowBytes
            if pendingRows >= mostRows || pendingBytes >= mostBytes { try cut(isLast: false) }
        }
    }

    /// Writes what is left.
    mutating func finish() throws {
        try cut(isLast: true)
        closeGroup()
    }

    private mutating func cut(isLast: Bool) throws {
        var rows = Batch.concatenate(pending, schema: work.inputSchema)
        var starts = try work.peerStarts(in: rows, after: last, context.evaluator)[...]
        if openGroup != nil, rows.rowCount > 0 {
            let end = starts.first ?? rows.rowCount
            try write(rows.slice(0..<end), groups: 0)
            rows = rows.slice(end..<rows.rowCount)
            if starts.isEmpty { return keep(rows) }
            closeGroup()
            starts = starts.map { $0 - end }[...]
        }
        // The last group may go on in rows to come.
        let end = isLast ? rows.rowCount : starts.last ?? 0
        let groups = isLast ? starts.count : starts.count - 1
        if end > 0 {
            try write(rows.slice(0..<end), groups: groups)
            rows = rows.slice(end..<rows.rowCount)
        }
        let isFull = rows.rowCount >= mostRows || rows.writtenByteCount >= mostBytes
        if isFull, !isLast, rows.rowCount > 0 {
            openGroup = chunks.count
            try write(rows, groups: 0)
            rows = rows.slice(0..<0)
        }
        keep(rows)
    }

    private mutating func keep(_ rows: Batch) {
        pending = rows.rowCount == 0 ? [] : [rows]
        pendingRows = rows.rowCount
        pendingBytes = rows.writtenByteCount
    }

    private mutating func write(_ rows: Batch, groups: Int) throws {
        guard rows.rowCount > 0 else { return }
        try context.check()
        let block = try file.write(rows)
        chunks.append(WindowChunk(block: block, firstRow: rowCount, groupsBefore: groupCount, peers: nil))
        rowCount += rows.rowCount
        groupCount += groups
        last = rows.slice(rows.rowCount - 1..<rows.rowCount)
    }

    private mutating func closeGroup() {
        guard let first = openGroup else { return }
        openGroup = nil
        groupCount += 1
        guard chunks.count - first > 1 else { return }
        let peers = chunks[first].firstRow..<rowCount
        for index in first..<chunks.count { chunks[index].peers = peers }
    }
}
