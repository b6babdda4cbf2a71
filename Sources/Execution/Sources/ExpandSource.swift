import Columnar
import Plans

/// Gives each batch once for each grouping set.
struct ExpandSource: MorselSource {
    let input: any MorselSource
    let expansion: Expansion
    let schema: Schema
    let context: QueryContext

    var isSequential: Bool { input.isSequential }

    func prepare() async throws { try await input.prepare() }

    func next() async throws -> Morsel? {
        guard let morsel = try await input.next() else { return nil }
        return Morsel { emit in
            try morsel.run { batch in
                let dense = batch.dense()
                let keys = try context.evaluator.evaluate(expansion.keys, over: dense)
                for (number, set) in expansion.sets.enumerated() {
                    try context.check()
                    let kept = Set(set)
                    let columns = keys.enumerated().map { place, key in
                        kept.contains(place) ? key : Column.nulls(key.type, count: dense.rowCount)
                    }
                    let id = Column.constant(
                        .int(Int32(truncatingIfNeeded: number)), .int, count: dense.rowCount)
                    let expanded = Batch(
                        schema: schema, columns: dense.columns + columns + [id], rowCount: dense.rowCount)
                    if try emit(expanded) == .finished { return .finished }
                }
                return .more
            }
        }
    }
}
