/// What the log does when its disk has little room left; see `LogSpace`.
extension LogState {
    /// What must go before anything else is taken or kept.
    private var missingBytes: Int { lacksRoom ? .max : space?.missingBytes ?? 0 }

    /// A whole segment goes at a time: on a small disk they are small.
    var segmentBytes: Int { space.map { min(limits.segmentBytes, $0.stepBytes) } ?? limits.segmentBytes }

    /// How much of the log a reader should carry before it lands that, where its policy does not say sooner.
    var landingBytes: Int {
        let most = limits.backlogBytes / 2
        return missingBytes > 0 ? min(most, space?.stepBytes ?? segmentBytes) : most
    }

    /// True when readers should hear of it.
    mutating func notice(_ measured: LogSpace?) -> Bool {
        defer { space = measured }
        return space?.isScarce != measured?.isScarce
    }

    /// - Errors: `noSpace`.
    mutating func requireSpace(for byteCount: Int) throws(StreamsError) {
        guard let space, space.freeBytes - queueBytes - byteCount < space.reserveBytes else { return }
        lacksRoom = true
        throw StreamsError(
            .noSpace, "the disk has no room for more events",
            ["free bytes": space.freeBytes, "kept for landing": space.reserveBytes],
            hint: "wait until the pipelines have landed more, or make room on the server's disk",
            retryAfterSeconds: Self.spaceRetrySeconds)
    }

    /// A commit of a pipeline, and the trimming behind it, take about so long.
    static let spaceRetrySeconds = 5

    /// The oldest segments that have landed everywhere and lie outside the replay window, or in the way; never the
    /// active one.
    func trimmable() -> [LogSegment] {
        guard let landed else { return [] }
        var kept = segments.reduce(0) { $0 + ($1.endRecord <= landed.record ? $1.byteCount : 0) }
        var missing = missingBytes
        var count = 0
        while count < segments.count - 1, segments[count].endRecord <= landed.record,
            marks.isEmpty || segments[count].endRecord <= checkpoint.end,
            kept > limits.replayWindowBytes || missing > 0
        {
            kept -= segments[count].byteCount
            missing -= segments[count].byteCount
            count += 1
        }
        return Array(segments[..<count])
    }

    /// Everything has landed, the disk is short of room, and the segment that is written to has what is missing.
    var mustSeal: Bool {
        guard missingBytes > 0, let landed, landed.record >= active.endRecord else { return false }
        return active.byteCount >= LogSegment.markSpacingBytes && sealTriedAt != active.endRecord
    }
}
