import Columnar
import Synchronization

/// Computes batches when asked for the first time, then hands them on: the rows of VALUES.
final class BatchesSource: MorselSource {
    private let batches = Mutex<ArraySlice<Batch>>([])
    private let context: QueryContext
    private let compute: @Sendable () throws -> [Batch]

    init(_ context: QueryContext, _ compute: @escaping @Sendable () throws -> [Batch]) {
        self.context = context
        self.compute = compute
    }

    /// Batches of an ordered result: one task keeps their order.
    var isSequential: Bool { true }

    func prepare() async throws {
        let computed = try await context.compute(compute)
        batches.withLock { $0 = computed[...] }
    }

    func next() async throws -> Morsel? {
        batches.withLock { $0.popFirst() }.map { Morsel([$0]) }
    }
}
