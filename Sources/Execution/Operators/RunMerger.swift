import Columnar
import Kernels

/// Merges sorted runs, a batch at a time.
///
///     run 0   | block being read | block | block |
///     run 1   | block being read | block |
///     heap      the runs by their next row
///
/// - Order: rows with equal keys come in the order of their runs.
/// - Cost: log2(runs) comparisons a row; each row is copied twice.
struct RunMerger {
    private struct Cursor {
        /// Blocks not yet read, last first.
        var blocks: [SpillBlock]
        let file: SpillFile?
        var batch: Batch
        var order: RowOrder
        var row = 0
        /// The first row that was not given yet.
        var given = 0
    }
    private let work: SortWork
    private let batchRows: Int
    private var cursors: [Cursor] = []
    /// Indices of cursors; the smallest next row first.
    private var heap: [Int] = []

    init(_ runs: [SortRun], _ work: SortWork, batchRows: Int) throws {
        self.work = work
        self.batchRows = batchRows
        for run in runs {
            switch run {
            case .memory(let batch):
                guard batch.rowCount > 0 else { continue }
                cursors.append(
                    Cursor(blocks: [], file: nil, batch: batch, order: try work.order(of: batch)))
            case .disk(let blocks, let file):
                guard let first = blocks.first else { continue }
                let batch = try file.read(first, schema: work.schema)
                cursors.append(
                    Cursor(
                        blocks: blocks.dropFirst().reversed(), file: file, batch: batch,
                        order: try work.order(of: batch)))
            }
        }
        for index in cursors.indices { insert(index) }
    }

    /// The next rows; nil at the end.
    mutating func next() throws -> Batch? {
        // Which run each row comes from.
        var picks: [Int] = []
        var exhausted: Int?
        while picks.count < batchRows, exhausted == nil, let first = heap.first {
            picks.append(first)
            cursors[first].row += 1
            if cursors[first].row == cursors[first].batch.rowCount {
                exhausted = first
            } else {
                sink(0)
            }
        }
        guard !picks.isEmpty else { return nil }
        let batch = take(picks)
        if let exhausted { try refill(exhausted) }
        return batch
    }

    /// Copies the picked rows out of their blocks.
    private mutating func take(_ picks: [Int]) -> Batch {
        var starts = [Int32](repeating: 0, count: cursors.count)
        var parts: [Batch] = []
        var base = 0
        for index in cursors.indices where cursors[index].given < cursors[index].row {
            let range = cursors[index].given..<cursors[index].row
            parts.append(cursors[index].batch.slice(range))
            starts[index] = Int32(truncatingIfNeeded: base)
            base += range.count
            cursors[index].given = range.upperBound
        }
        let all = Batch.concatenate(parts, schema: work.schema)
        guard parts.count > 1 else { return all }
        let rows = picks.map { index in
            defer { starts[index] += 1 }
            return starts[index]
        }
        return Batch(schema: work.schema, columns: all.columns.map { $0.gather(rows) }, rowCount: rows.count)
    }

    /// The run at the top of the heap has no more rows in memory.
    private mutating func refill(_ index: Int) throws {
        guard let block = cursors[index].blocks.popLast(), let file = cursors[index].file else {
            heap[0] = heap[heap.count - 1]
            heap.removeLast()
            if !heap.isEmpty { sink(0) }
            return
        }
        cursors[index].batch = try file.read(block, schema: work.schema)
        cursors[index].order = try work.order(of: cursors[index].batch)
        cursors[index].row = 0
        cursors[index].given = 0
        sink(0)
    }

    private func precedes(_ left: Int, _ right: Int) -> Bool {
        let order = cursors[left].order.compare(cursors[left].row, cursors[right].order, cursors[right].row)
        return order == 0 ? left < right : order < 0
    }

    private mutating func insert(_ index: Int) {
        heap.append(index)
        var place = heap.count - 1
        while place > 0, precedes(heap[place], heap[(place - 1) / 2]) {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func sink(_ start: Int) {
        var place = start
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < heap.count && precedes(heap[child], heap[least]) { least = child }
            if least == place { return }
            heap.swapAt(place, least)
            place = least
        }
    }
}
