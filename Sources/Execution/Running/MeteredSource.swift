import Columnar

/// The rows of an operator on their way to its taker: counts them, and the time it took to make them.
struct MeteredSource: MorselSource {
    let source: any MorselSource
    let meter: OperatorMeter
    /// Whose computing the morsels are a part of; nil for the plan's root.
    let taker: OperatorProfile?
    /// Only where somebody asked for it, because looking at every text takes time.
    let measuresBytes: Bool

    var isSequential: Bool { source.isSequential }
    func prepare() async throws { try await source.prepare() }

    func next() async throws -> Morsel? {
        guard let morsel = try await source.next() else { return nil }
        return Morsel { [meter, taker, measuresBytes] emit in
            let start = meter.nanoseconds
            var takerNanoseconds: Int64 = 0
            var measuringNanoseconds: Int64 = 0
            defer {
                let whole = meter.nanoseconds - start - takerNanoseconds
                meter.profile.took(nanoseconds: whole - measuringNanoseconds)
                taker?.took(nanoseconds: -whole)
            }
            try morsel.run { batch in
                meter.profile.gave(batch.rowCount)
                var given = meter.nanoseconds
                if measuresBytes {
                    meter.profile.gave(bytes: batch.dense().writtenByteCount)
                    let measured = meter.nanoseconds
                    measuringNanoseconds += measured - given
                    given = measured
                }
                defer { takerNanoseconds += meter.nanoseconds - given }
                return try emit(batch)
            }
        }
    }
}
