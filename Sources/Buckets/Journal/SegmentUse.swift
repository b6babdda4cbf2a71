/// How much of a closed segment of the journal is in use.
struct SegmentUse: Sendable, Equatable {
    var number: UInt64
    var size: Int64
    /// Bytes of the objects that live in it.
    var live: Int64

    /// Which segments are to be compacted, emptiest first: enough that what is left is not mostly garbage.
    ///
    /// Moving writes once more what lives, so a segment is left alone that may be empty soon by itself. Metadata files of
    /// tables live for a hundred commits and go in the order they came: the oldest segment of such a journal is always
    /// partly empty, all others are full, and as a whole it wastes little. In the newest, nothing had time to go.
    ///
    ///     100 % 100 % 97 % 40 %   kept as it is        100 % 3 % 2 % 5 %   the emptiest two are moved
    ///     newest        oldest
    ///
    /// - Invariant: closed segments take at most twice what lives in them (`compactionPercent`), and one segment, after a
    ///   few checkpoints.
    static func wasteful(_ closed: [SegmentUse], limits: StoreLimits) -> [UInt64] {
        let newest = closed.map(\.number).max()
        let live = closed.reduce(0) { $0 + $1.live }
        var size = closed.reduce(0) { $0 + $1.size }
        var chosen: [UInt64] = []
        let candidates = closed.filter {
            $0.number != newest && $0.live > 0 && $0.live * 100 < $0.size * limits.compactionPercent
        }
        for segment in candidates.sorted(by: { ($0.live, $0.number) < ($1.live, $1.number) }) {
            guard live * 100 < size * limits.compactionPercent, chosen.count < limits.compactionSegments
            else { break }
            chosen.append(segment.number)
            size -= segment.size - segment.live
        }
        return chosen
    }
}
