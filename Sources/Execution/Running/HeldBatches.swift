import Columnar
import Scheduling

/// All batches of a morsel, with the memory they take reserved while they are made: a join's morsel may give many.
struct HeldBatches: Sendable {
    let batches: [Batch]
    let reservation: MemoryReservation

    /// Runs the morsel on the pool.
    init(_ morsel: Morsel, _ context: QueryContext, for purpose: StaticString) async throws {
        let reservation = try context.memory.reserve(0, for: purpose)
        batches = try await context.morsels.run(priority: context.priority) {
            var batches: [Batch] = []
            try morsel.run { batch in
                try context.check()
                let bytes = batch.columns.reduce(0) { $0 + $1.ownByteCount }
                try reservation.resize(to: reservation.bytes.addingClamped(bytes))
                batches.append(batch)
                return .more
            }
            return batches
        }
        self.reservation = reservation
    }
}
