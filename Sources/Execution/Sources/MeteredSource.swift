import Columnar

/// Counts the bytes an operator gives; only where somebody asked for them, because looking at every text takes time.
struct MeteredSource: MorselSource {
    let input: any MorselSource
    let profile: OperatorProfile

    var isSequential: Bool { input.isSequential }
    func prepare() async throws { try await input.prepare() }

    func next() async throws -> Morsel? {
        guard let morsel = try await input.next() else { return nil }
        return Morsel { [profile] emit in
            try morsel.run { batch in
                let bytes = batch.dense().writtenByteCount
                profile.gave(bytes: bytes)
                return try emit(batch)
            }
        }
    }
}
