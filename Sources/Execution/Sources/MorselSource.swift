import Columnar

/// Whether an operator wants more rows.
enum Demand {
    case more
    case finished
}

/// A piece of pure computation that gives batches; runs on the morsel pool.
struct Morsel: Sendable {
    /// Calls `emit` with each batch until it answers `finished`.
    let run: @Sendable (_ emit: (Batch) throws -> Demand) throws -> Void

    init(_ run: @escaping @Sendable (_ emit: (Batch) throws -> Demand) throws -> Void) { self.run = run }

    /// Batches that are there already.
    init(_ batches: [Batch]) {
        run = { emit in
            for batch in batches where try emit(batch) == .finished { return }
        }
    }
}

/// Gives the morsels of one operator.
///
/// - Order: morsels come in the order of the rows, where the rows have one.
/// - Threads: `prepare` once, before the rest; `next` by several tasks at once unless `isSequential`.
protocol MorselSource: Sendable {
    /// Rows must be taken by one task, in order.
    var isSequential: Bool { get }
    /// Does what must be done before the first row: a sort sorts here.
    func prepare() async throws
    func next() async throws -> Morsel?
}
