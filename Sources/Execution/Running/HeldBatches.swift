import Columnar
import Scheduling

/// All batches of a morsel: a join's morsel may give many.
///
/// They take reserved memory; batches for which there is none go to disk, if there is one.
struct HeldBatches: Sendable {
    private enum Held {
        case memory(Batch)
        case disk(SpillBlock, SpillFile)
    }
    private let held: [Held]
    private let schema: Schema
    private let reservation: MemoryReservation

    var count: Int { held.count }

    /// Runs the morsel on the pool.
    init(_ morsel: Morsel, _ context: QueryContext, for purpose: StaticString) async throws {
        let allowance = try SpillAllowance(context, for: purpose)
        (held, schema) = try await context.compute {
            var held: [Held] = []
            var schema = Schema([])
            var bytes = 0
            var file: SpillFile?
            try morsel.run { batch in
                try context.check()
                schema = batch.schema
                let added = batch.ownByteCount
                if try allowance.hold(bytes.addingClamped(added)) {
                    bytes = bytes.addingClamped(added)
                    held.append(.memory(batch))
                } else {
                    let target = try file ?? context.makeSpillFile()
                    file = target
                    held.append(.disk(try target.write(batch), target))
                }
                return .more
            }
            return (held, schema)
        }
        reservation = allowance.reservation
    }

    func batch(_ index: Int) throws -> Batch {
        switch held[index] {
        case .memory(let batch): batch
        case .disk(let block, let file): try file.read(block, schema: schema)
        }
    }
}
