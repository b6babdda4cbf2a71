import Columnar
import Plans

/// Unnests each batch as part of its morsel.
struct UnnestSource: MorselSource {
    let input: any MorselSource
    let work: UnnestWork
    let context: QueryContext

    var isSequential: Bool { input.isSequential }

    func prepare() async throws { try await input.prepare() }

    func next() async throws -> Morsel? {
        guard let morsel = try await input.next() else { return nil }
        return Morsel { emit in
            try morsel.run { batch in
                try work.run(batch, context.evaluator) { part in
                    try context.check()
                    return try emit(part)
                }
            }
        }
    }
}
