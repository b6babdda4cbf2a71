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

    /// Sorted.
    var consumerNames: [String] { consumers.keys.sorted() }

    /// Records before this one have landed for some consumer, so they were durable once.
    var landedRecord: Int64 { consumers.values.map(\.landed.record).max() ?? 0 }

    var status: LogStatus {
        var failure: StreamsError?
        do throws(StreamsError) { try requireHealthy() } catch { failure = error }
        return LogStatus(
            oldest: oldest, end: end, oldestEvent: oldestEvent, acceptedEvents: endEvent,
            byteCount: byteCount, unlandedBytes: unlandedBytes, segmentCount: segments.count,
            failure: failure)
    }

    /// Segments follow each other without gaps, and the queue's bytes are what is in it or being written.
    var invariantsHold: Bool {
        zip(segments, segments.dropFirst()).allSatisfy {
            $0.endRecord == $1.firstRecord && $0.endEvent == $1.firstEvent
        } && queueBytes >= 0 && unlandedBytes >= 0
    }

    func requireHealthy() throws(StreamsError) {
        if isClosed { throw StreamsError(.closed, "the stream's log is closed") }
        switch health {
        case .healthy: return
        case .poisoned(let cause):
            throw StreamsError(
                .poisoned, "the stream's log failed and takes nothing until it is opened again", cause: cause)
        }
    }

    func requireKept(_ offset: LogOffset) throws(StreamsError) {
        guard offset <= end else { throw beyondEnd(offset) }
        guard offset >= oldest else {
            throw StreamsError(
                .offsetTrimmed, "the log no longer keeps the offset", ["offset": offset, "oldest": oldest])
        }
    }

    func beyondEnd(
        _ offset: LogOffset, _ summary: String = "the offset lies behind the end of the log"
    ) -> StreamsError {
        StreamsError(
            .offsetBeyondEnd, summary, ["offset": offset, "end": end],
            hint:
                "the log lost records or was replaced; restore it, or move each pipeline that stands behind its "
                + "end with `firn pipeline reset NAME --to latest`")
    }
}
