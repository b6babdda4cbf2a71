import Columnar
import Kernels
import Scheduling
import Synchronization

/// Groups of one aggregation on disk, divided by the hash of their keys.
///
///     groups      keys, states                 divided by the keys
///     distinct    keys, arguments of a call    divided by both: one group's arguments need not fit into memory
///
/// When all was read, distinct arguments are sorted out part by part, and added to the groups as if they were rows.
final class AggregateSpill: Sendable {
    /// Rows are written about so many bytes at a time.
    private static let pieceBytes = 4 << 20

    private let work: AggregateWork
    /// What the groups on disk are: without DISTINCT.
    private let resolved: AggregateWork
    private let distinct: [(call: Int, spill: AggregateSpill)]
    private let context: QueryContext
    private let partitions = Mutex<SpillPartitions?>(nil)

    init(_ work: AggregateWork, _ context: QueryContext) {
        self.work = work
        resolved = work.resolved
        self.context = context
        distinct = work.distinctCalls.map { call in
            (call, AggregateSpill(AggregateWork(distinct: call, of: work), context))
        }
    }

    /// Nil when everything fitted into memory.
    var written: SpillPartitions? { partitions.withLock { $0 } }

    func write(_ table: AggregateTable) throws {
        try write { try table.partials($0) }
        for (call, spill) in distinct {
            try spill.write { write in
                try table.distinctRows(call) { columns, rowCount in
                    try write(Batch(schema: spill.work.schema, columns: columns, rowCount: rowCount))
                }
            }
        }
    }

    /// Rows of the work's partial schema.
    private func write(_ body: ((Batch) throws -> Void) throws -> Void) throws {
        try write(to: target(), body)
    }

    /// Adds the distinct arguments to their groups; everything else was written.
    func addDistinct() async throws {
        for (call, spill) in distinct {
            guard let partitions = spill.written else { continue }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for part in 0..<SpillPartitions.count {
                    if part >= context.morsels.threadCount { _ = try await group.next() }
                    group.addTask { [self] in
                        try await context.compute { [self] in try add(part, of: partitions, call, spill) }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    private func add(_ part: Int, of partitions: SpillPartitions, _ call: Int, _ spill: AggregateSpill) throws
    {
        guard !partitions.blocks(of: part).isEmpty else { return }
        let allowance = try SpillAllowance(context, for: "aggregation")
        var table = try AggregateTable(resolved)
        let keyCount = work.keys.count
        _ = try spill.finish(part, of: partitions) { batch in
            let dense = batch.dense()
            try table.update(
                call, keys: Array(dense.columns[..<keyCount]), arguments: Array(dense.columns[keyCount...]),
                rowCount: dense.rowCount)
            guard try !allowance.hold(table.byteCount, isForcible: false) else { return .more }
            guard !work.keys.isEmpty else {
                try allowance.reservation.resize(to: table.byteCount)
                return .more
            }
            try write { try table.partials($0) }
            table = try AggregateTable(resolved)
            try allowance.release()
            return .more
        }
        try write { try table.partials($0) }
    }

    private func target() throws -> SpillPartitions {
        try partitions.withLock { known in
            if let known { return known }
            let made = SpillPartitions(try context.makeSpillFile(), schema: work.partialSchema, level: 0)
            known = made
            return made
        }
    }

    private func write(
        to target: SpillPartitions, _ body: ((Batch) throws -> Void) throws -> Void
    ) throws {
        var writer = SpillPartitions.Writer(target)
        try body { batch in
            for piece in batch.pieces(ofBytes: Self.pieceBytes) {
                try context.check()
                // What one group keeps is written as a whole.
                let bytes = piece.writtenByteCount
                let isLarge = bytes > 2 * Self.pieceBytes
                let reservation = isLarge ? try context.memory.reserve(bytes, for: "aggregation") : nil
                let keys = Array(piece.columns[..<work.keys.count])
                try writer.write(piece, hashes: ColumnHash.rows(keys, count: piece.rowCount))
                try reservation?.resize(to: 0)
            }
        }
        try writer.finish()
    }

    /// The answers of one part's groups; a part that memory does not hold is divided again.
    ///
    /// - Errors: `SCH-202` for a group that alone is larger than the query's memory.
    func finish(
        _ part: Int, of partitions: SpillPartitions, _ emit: (Batch) throws -> Demand
    ) throws -> Demand {
        let blocks = partitions.blocks(of: part)
        // Without keys there would be a group in every part.
        if blocks.isEmpty { return .more }
        let allowance = try SpillAllowance(context, for: "aggregation")
        var table = try AggregateTable(resolved)
        for (place, block) in blocks.enumerated() {
            try context.check()
            try table.merge(partials: partitions.file.read(block, schema: partitions.schema))
            let bytes = table.byteCount + table.byteCount / 2
            if try allowance.hold(bytes, isForcible: partitions.level == 0) { continue }
            guard table.groupCount > 1, partitions.level + 1 < SpillPartitions.levels else {
                try allowance.reservation.resize(to: bytes)
                continue
            }
            let deeper = SpillPartitions(
                try context.makeSpillFile(), schema: partitions.schema, level: partitions.level + 1)
            try write(to: deeper) { write in
                try table.partials(write)
                for block in blocks[(place + 1)...] {
                    try write(partitions.file.read(block, schema: partitions.schema))
                }
            }
            table = try AggregateTable(resolved)
            try allowance.release()
            for part in 0..<SpillPartitions.count
            where try finish(part, of: deeper, emit) == .finished { return .finished }
            return .more
        }
        guard table.groupCount > 0 else { return .more }
        for batch in try table.finish(QuerySupervisor(context: context))
        where try emit(batch) == .finished { return .finished }
        return .more
    }
}
