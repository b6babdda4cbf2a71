/// What readers are told, as small values: the state itself is never copied out from under its lock.
extension LogState {
    /// Where a reader finds records from `offset` on; nil at the end of the log.
    func place(of offset: LogOffset) throws(StreamsError) -> LogPlace? {
        try requireKept(offset)
        let record = offset.record
        guard var segment = segments.last(where: { $0.firstRecord <= record && record < $0.endRecord }) else {
            return nil
        }
        let start = segment.marks == nil ? nil : segment.mark(before: record)
        // A reader that held them would make the writer copy them.
        segment.marks = nil
        return LogPlace(segment: segment, start: start)
    }

    var status: LogStatus {
        var failure: StreamsError?
        do throws(StreamsError) { try requireHealthy() } catch { failure = error }
        return LogStatus(
            oldest: oldest, end: end, oldestEvent: oldestEvent, acceptedEvents: endEvent,
            byteCount: byteCount, unlandedBytes: unlandedBytes, segmentCount: segments.count,
            failure: failure)
    }
}
