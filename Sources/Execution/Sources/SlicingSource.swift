import Columnar

/// Cuts batches to the context's size; only tests ask for another than the readers give.
struct SlicingSource: MorselSource {
    let input: any MorselSource
    let rows: Int

    var isSequential: Bool { input.isSequential }
    func prepare() async throws { try await input.prepare() }

    func next() async throws -> Morsel? {
        guard let morsel = try await input.next() else { return nil }
        return Morsel { emit in
            try morsel.run { batch in
                for start in stride(from: 0, to: batch.rowCount, by: rows) {
                    let part = batch.slice(start..<min(batch.rowCount, start + rows))
                    if try emit(part) == .finished { return .finished }
                }
                return .more
            }
        }
    }
}
