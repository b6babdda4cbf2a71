import Columnar
import Kernels
import Plans
import Scheduling
import Synchronization

/// Numbers rows whose keys memory does not hold.
///
///     rows      with their place in the input  →  parts by the hash of their keys
///     counts    of the keys seen before        →  parts by the same hash
///     a part    is numbered in its order       →  a run, still in the order of the places
///     runs      are merged by the places
///
/// - Order: the input's.
/// - Threads: one at a time.
final class RowNumberSpill: Sendable {
    private struct State {
        var rows: SpillPartitions.Writer
        var place: Int64 = 0
        var merger: RunMerger?
        var reservation: MemoryReservation?
    }
    private let keys: [Expression]
    private let schema: Schema
    private let context: QueryContext
    private let rows: SpillPartitions
    private let counts: SpillPartitions
    private let runs: SortSpill
    /// Numbered rows, and behind them their place.
    private let work: SortWork
    private let state: Mutex<State>

    /// `counter` is what was numbered so far.
    init(
        _ keys: [Expression], _ schema: Schema, _ counter: RowCounter, _ context: QueryContext
    ) throws {
        self.keys = keys
        self.schema = schema
        self.context = context
        let place = Field("place", .long)
        rows = SpillPartitions(
            try context.makeSpillFile(), schema: Schema(schema.fields.dropLast() + [place]), level: 0)
        let counted = counter.counted
        counts = SpillPartitions(
            try context.makeSpillFile(),
            schema: Schema(counted.enumerated().map { Field("\($0)", $1.type) }), level: 0)
        runs = SortSpill(context)
        work = SortWork(
            keys: [SortKey(.column(schema.count, .long))], schema: Schema(schema.fields + [place]),
            evaluator: context.evaluator)
        state = Mutex(State(rows: SpillPartitions.Writer(rows)))
        var writer = SpillPartitions.Writer(counts)
        let all = Batch(schema: counts.schema, columns: counted, rowCount: counted[0].count)
        for start in stride(from: 0, to: all.rowCount, by: Batch.capacity) {
            let part = all.slice(start..<min(all.rowCount, start + Batch.capacity))
            try writer.write(
                part, hashes: ColumnHash.rows(Array(part.columns.dropLast()), count: part.rowCount))
        }
        try writer.finish()
    }

    func append(_ batch: Batch) throws {
        let dense = batch.dense()
        try state.withLock { state in
            let places = (0..<Int64(dense.rowCount)).map { state.place + $0 }
            state.place += Int64(dense.rowCount)
            try state.rows.write(
                Batch(
                    schema: rows.schema,
                    columns: dense.columns + [Column(.long, count: places.count, .int64(places))],
                    rowCount: places.count), hashes: try hashes(dense))
        }
    }

    private func hashes(_ batch: Batch) throws -> [UInt64] {
        ColumnHash.rows(try context.evaluator.evaluate(keys, over: batch), count: batch.rowCount)
    }

    /// After the last row.
    func finish() throws {
        try state.withLock { try $0.rows.finish() }
        var numbered: [SortRun] = []
        for part in 0..<SpillPartitions.count { try number(part, rows, counts, &numbered) }
        let (reservation, merger) = try runs.merger(numbered, work)
        state.withLock { state in
            state.merger = merger
            state.reservation = reservation
        }
    }

    /// The next numbered rows; nil at the end.
    func next() throws -> Batch? {
        try state.withLock { state in
            guard let batch = try state.merger?.next() else {
                state.merger = nil
                state.reservation = nil
                return nil
            }
            return Batch(schema: schema, columns: Array(batch.columns.dropLast()), rowCount: batch.rowCount)
        }
    }

    /// - Errors: `SCH-202` for a part that cannot be divided any more and has more keys than memory holds.
    private func number(
        _ part: Int, _ rows: SpillPartitions, _ counts: SpillPartitions, _ numbered: inout [SortRun]
    ) throws {
        let blocks = rows.blocks(of: part)
        if blocks.isEmpty { return }
        let allowance = try SpillAllowance(context, for: "row numbers")
        let isLast = rows.level + 1 == SpillPartitions.levels
        func holds(_ counter: RowCounter) throws -> Bool {
            if try allowance.hold(counter.byteCount, isForcible: rows.level == 0) { return true }
            if isLast { try allowance.reservation.resize(to: counter.byteCount) }
            return isLast
        }
        var counter = RowCounter(keys.map(\.type))
        for block in counts.blocks(of: part) {
            let batch = try counts.file.read(block, schema: counts.schema)
            counter.add(counted: batch.columns, rowCount: batch.rowCount)
        }
        var written: [SpillBlock] = []
        for block in blocks {
            try context.check()
            let batch = try rows.file.read(block, schema: rows.schema)
            let numbers = counter.number(
                try context.evaluator.evaluate(keys, over: batch), rowCount: batch.rowCount)
            guard try holds(counter) else { return try divide(part, rows, counts, &numbered) }
            let column = Column(.long, count: numbers.count, .int64(numbers))
            let columns = batch.columns.dropLast() + [column] + batch.columns.suffix(1)
            try runs.append(
                Batch(schema: work.schema, columns: Array(columns), rowCount: batch.rowCount), to: &written)
        }
        numbered.append(try runs.run(written))
    }

    private func divide(
        _ part: Int, _ rows: SpillPartitions, _ counts: SpillPartitions, _ numbered: inout [SortRun]
    ) throws {
        func deeper(_ old: SpillPartitions, _ hashes: (Batch) throws -> [UInt64]) throws -> SpillPartitions {
            let new = SpillPartitions(
                try context.makeSpillFile(), schema: old.schema, level: old.level + 1)
            var writer = SpillPartitions.Writer(new)
            for block in old.blocks(of: part) {
                try context.check()
                let batch = try old.file.read(block, schema: old.schema)
                try writer.write(batch, hashes: hashes(batch))
            }
            try writer.finish()
            return new
        }
        let deeperRows = try deeper(rows, hashes)
        let deeperCounts = try deeper(counts) { batch in
            ColumnHash.rows(Array(batch.columns.dropLast()), count: batch.rowCount)
        }
        for part in 0..<SpillPartitions.count { try number(part, deeperRows, deeperCounts, &numbered) }
    }
}
