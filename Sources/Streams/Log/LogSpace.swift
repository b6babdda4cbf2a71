/// What the volume of the logs has left, and how much of that is kept for landing.
///
///     nothing free            reserve             2 × reserve                     all
///     ├───────────────────────┼───────────────────┼───────────────────────────────┤
///      no events are taken     the replay window   as always
///                              gives way
///
/// Landing needs room before it makes any: data files are written first, and segments go after the commit. So events
/// stop before the disk is full. What is kept of landed events goes first, so that none are refused for its sake.
package struct LogSpace: Sendable, Equatable {
    package var freeBytes: Int
    package var reserveBytes: Int

    /// Enough for a segment and its data files, of some pipelines at once.
    private static let mostBytes = 256 << 20
    /// Of a volume, so that a small one keeps most of itself for events.
    private static let volumeShare = 10

    init(freeBytes: Int, reserveBytes: Int) {
        self.freeBytes = freeBytes
        self.reserveBytes = reserveBytes
    }

    /// Nil when nothing is to be kept. `asked` is the setting; never more than half of the volume.
    init?(_ volume: VolumeSpace, asked: Int?) {
        let reserve =
            asked.map { min($0, volume.sizeBytes / 2) }
            ?? min(Self.mostBytes, volume.sizeBytes / Self.volumeShare)
        guard reserve > 0 else { return nil }
        self.init(freeBytes: volume.freeBytes, reserveBytes: reserve)
    }

    /// No event is taken.
    package var isShort: Bool { freeBytes < reserveBytes }
    /// Pipelines land in small steps, and the replay window gives way.
    package var isScarce: Bool { missingBytes > 0 }
    /// What must go until nothing is scarce.
    var missingBytes: Int { max(0, 2 * reserveBytes - freeBytes) }
    /// A share of the reserve: so much of the log, as a segment or between two commits, can be landed at a time.
    var stepBytes: Int { max(reserveBytes / 4, LogSegment.markSpacingBytes) }
}
