import Columnar
import Synchronization

/// Computes batches when asked for the first time, then hands them on: the end of a sort, an aggregation, VALUES.
final class BatchesSource: MorselSource {
    private let batches = Mutex<ArraySlice<Batch>>([])
    private let compute: @Sendable () async throws -> [Batch]

    init(_ compute: @escaping @Sendable () async throws -> [Batch]) { self.compute = compute }

    /// Batches of an ordered result: one task keeps their order.
    var isSequential: Bool { true }

    func prepare() async throws {
        let computed = try await compute()
        batches.withLock { $0 = computed[...] }
    }

    func next() async throws -> Morsel? {
        batches.withLock { $0.popFirst() }.map { Morsel([$0]) }
    }
}
