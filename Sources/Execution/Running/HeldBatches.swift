import Columnar
import Scheduling
import Synchronization

/// Batches in the order they came: in reserved memory, or on disk where there is none left.
///
/// - Threads: any.
final class HeldBatches: Sendable {
    private enum Held {
        case memory(Batch)
        case disk(SpillBlock, SpillFile, Schema)
    }
    private struct State {
        var held: [Held] = []
        var bytes = 0
        var file: SpillFile?
    }
    /// Rows of a block take about so much, or are one row.
    private static let blockBytes = 4 << 20

    private let context: QueryContext
    private let allowance: SpillAllowance
    private let state = Mutex(State())

    init(_ context: QueryContext, for purpose: StaticString) throws {
        self.context = context
        allowance = try SpillAllowance(context, for: purpose)
    }

    /// The batches of a morsel, which runs on the pool until it has given so many rows: a join's may give many.
    static func filled(
        by morsel: Morsel, _ context: QueryContext, for purpose: StaticString, rowLimit: Int = .max
    ) async throws -> HeldBatches {
        let batches = try HeldBatches(context, for: purpose)
        try await context.compute {
            var rows = 0
            try morsel.run { batch in
                try context.check()
                try batches.append(batch)
                rows += batch.rowCount
                return rows < rowLimit ? .more : .finished
            }
        }
        return batches
    }

    var count: Int { state.withLock { $0.held.count } }

    func append(_ batch: Batch) throws {
        try state.withLock { state in
            let wanted = state.bytes.addingClamped(batch.ownByteCount)
            if try allowance.hold(wanted) {
                state.bytes = wanted
                state.held.append(.memory(batch))
                return
            }
            let target = try state.file ?? context.makeSpillFile()
            state.file = target
            for piece in batch.pieces(ofBytes: Self.blockBytes) {
                let block = try target.write(piece)
                state.held.append(.disk(block, target, piece.schema))
            }
        }
    }

    func batch(_ index: Int) throws -> Batch { try Self.batch(state.withLock { $0.held[index] }) }

    /// As the other, for callers that are not on the pool: what is on disk is read there.
    func batch(_ index: Int) async throws -> Batch {
        let held = state.withLock { $0.held[index] }
        if case .memory(let batch) = held { return batch }
        return try await context.compute { try Self.batch(held) }
    }

    private static func batch(_ held: Held) throws -> Batch {
        switch held {
        case .memory(let batch): batch
        case .disk(let block, let file, let schema): try file.read(block, schema: schema)
        }
    }
}
