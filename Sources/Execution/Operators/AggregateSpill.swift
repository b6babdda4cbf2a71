import Columnar
import Kernels
import Scheduling
import Synchronization

/// Groups of one aggregation on disk, divided by the hash of their keys.
final class AggregateSpill: Sendable {
    private let work: AggregateWork
    private let context: QueryContext
    private let profile: OperatorProfile
    private let partitions = Mutex<SpillPartitions?>(nil)

    init(_ work: AggregateWork, _ profile: OperatorProfile, _ context: QueryContext) {
        self.work = work
        self.context = context
        self.profile = profile
    }

    /// Nil when everything fitted into memory.
    var written: SpillPartitions? { partitions.withLock { $0 } }

    func write(_ table: AggregateTable) throws {
        let target = try partitions.withLock { known in
            if let known { return known }
            let made = SpillPartitions(try context.makeSpillFile(), schema: work.partialSchema, level: 0)
            known = made
            return made
        }
        try write(to: target) { write in try table.partials(write) }
    }

    private func write(
        to target: SpillPartitions, _ body: ((Batch) throws -> Void) throws -> Void
    ) throws {
        let before = target.file.byteCount
        var writer = SpillPartitions.Writer(target)
        try body { batch in
            try context.check()
            let keys = Array(batch.columns[..<work.keys.count])
            try writer.write(batch, hashes: ColumnHash.rows(keys, count: batch.rowCount))
        }
        try writer.finish()
        profile.spilled(bytes: target.file.byteCount - before)
    }

    /// The answers of one part's groups; a part that memory does not hold is divided again.
    ///
    /// - Errors: `SCH-202` for a group that alone is larger than the query's memory.
    func finish(
        _ part: Int, of partitions: SpillPartitions, _ emit: (Batch) throws -> Demand
    ) throws -> Demand {
        let blocks = partitions.blocks(of: part)
        let allowance = try SpillAllowance(context, for: "aggregation")
        var table = try AggregateTable(work)
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
            table = try AggregateTable(work)
            try allowance.release()
            for part in 0..<SpillPartitions.count
            where try finish(part, of: deeper, emit) == .finished { return .finished }
            return .more
        }
        guard table.groupCount > 0 else { return .more }
        for batch in try table.finish() where try emit(batch) == .finished { return .finished }
        return .more
    }
}
