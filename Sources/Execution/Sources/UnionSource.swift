import Columnar
import Synchronization

/// The rows of all inputs, one input after the other, under one schema.
final class UnionSource: MorselSource {
    private let inputs: [any MorselSource]
    private let schema: Schema
    private let current = Atomic<Int>(0)

    init(_ inputs: [any MorselSource], schema: Schema) {
        self.inputs = inputs
        self.schema = schema
    }

    var isSequential: Bool { inputs.contains { $0.isSequential } }

    func prepare() async throws {
        for input in inputs { try await input.prepare() }
    }

    func next() async throws -> Morsel? {
        while true {
            let index = current.load(ordering: .acquiring)
            guard index < inputs.count else { return nil }
            guard let morsel = try await inputs[index].next() else {
                _ = current.compareExchange(
                    expected: index, desired: index + 1, ordering: .acquiringAndReleasing)
                continue
            }
            return Morsel { [schema] emit in
                try morsel.run { batch in
                    try emit(
                        Batch(
                            schema: schema, columns: batch.columns, rowCount: batch.columnRowCount,
                            selection: batch.selection))
                }
            }
        }
    }
}
