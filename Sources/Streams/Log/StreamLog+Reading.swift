import Dispatch
package import Effects
import Faults
import JSONText
import Metastore
import Scheduling
import Synchronization
import Telemetry

extension StreamLog {
    /// Records from `offset` on, at least one unless the end is reached, about `maxBytes` of them.
    ///
    /// - Errors: `offsetTrimmed`, `offsetBeyondEnd`, `corrupt`.
    package func read(from offset: LogOffset, maxBytes: Int) async throws -> LogSlice {
        try await environment.pool.run { try self.readBlocking(from: offset, maxBytes: maxBytes) }
    }

    func readBlocking(from offset: LogOffset, maxBytes: Int) throws(StreamsError) -> LogSlice {
        // Only what is needed: a copy of the whole state would make the next append copy all it holds.
        let found = shared.withLock { shared in
            Result { () throws(StreamsError) in (try shared.state.place(of: offset), shared.state.end) }
        }
        let (place, end) = try found.get()
        guard let place else { return LogSlice(records: [], next: offset, end: end) }
        let path = "\(directory)/\(place.segment.fileName)"
        guard let file = try environment.files.open(path) else {
            // A deleted stream's files are gone while its readers still run.
            if let failure = status.failure, failure.code == .closed { throw failure }
            throw StreamsError(.offsetTrimmed, "the log no longer keeps the offset", ["offset": offset])
        }
        var start = place.start
        if start == nil {
            start = try learnMarks(of: place.segment, in: file, path: path).mark(before: offset.record)
        }
        let reading = LogReading(
            file: file, path: path, segment: place.segment, start: start,
            checksBodies: !environment.planted.has(.logNoChecksumCheck))
        let records = try reading.records(from: offset.record, maxBytes: maxBytes)
        return LogSlice(records: records, next: records.last?.nextOffset ?? offset, end: end)
    }

    /// When the record was received; nil at the end of the log.
    ///
    /// - Cost: one read of some 64 KB, bodies left out; a whole segment's once, where nobody has read it.
    /// - Errors: as `read`.
    package func receivedAt(record: Int64) async throws -> Instant? {
        try await environment.pool.run { try self.receivedAtBlocking(record) }
    }

    private func receivedAtBlocking(_ record: Int64) throws(StreamsError) -> Instant? {
        let found = shared.withLock { shared in
            Result { () throws(StreamsError) in try shared.state.place(of: LogOffset(record: record)) }
        }
        guard let place = try found.get() else { return nil }
        let path = "\(directory)/\(place.segment.fileName)"
        guard let file = try environment.files.open(path) else {
            throw StreamsError(.offsetTrimmed, "the log no longer keeps the record", ["record": record])
        }
        var start = place.start
        if start == nil {
            start = try learnMarks(of: place.segment, in: file, path: path).mark(before: record)
        }
        let reading = LogReading(file: file, path: path, segment: place.segment, start: start)
        return try reading.header(of: record).receivedAt
    }

    private func learnMarks(
        of segment: LogSegment, in file: any LogFile, path: String
    ) throws(StreamsError) -> LogSegment {
        let bytes = try file.read(at: 0, count: SegmentHeader.byteCount)
        guard case .header(let header) = SegmentHeader.read(bytes.span) else {
            throw StreamsError(
                .corrupt, "the segment's header is damaged", [serverFile: path, "position": 0])
        }
        let scan = try SegmentScan.run(file, header: header)
        guard scan.fault == nil, scan.segment.endRecord == segment.endRecord else {
            throw StreamsError(
                .corrupt, "the stream's log is damaged",
                [
                    serverFile: path, "position": scan.segment.byteCount,
                    "reason": scan.fault?.reason ?? "records are missing at the segment's end",
                ])
        }
        shared.withLock {
            $0.state.learn(marks: scan.segment.marks ?? [], ofSegmentFrom: segment.firstRecord)
        }
        return scan.segment
    }

    /// Holds back trimming for a reader. Answers where it begins: `landed`, or the oldest record kept when nil.
    package func register(consumer: String, landed: LogOffset?) throws -> LogOffset {
        // The backlog is another one with it.
        defer { showMetrics() }
        return try shared.withLock { shared in
            try shared.state.register(consumer: consumer, landed: landed)
        }
    }

    /// Holds back trimming for a new reader that begins at the oldest record kept; also says how many events the stream
    /// accepted before that record. One that is no backlog only looks: no producer waits for it.
    package func registerAtOldest(
        consumer: String, isBacklog: Bool = true
    ) throws -> (offset: LogOffset, event: Int64) {
        defer { showMetrics() }
        return try shared.withLock { shared in
            let event = shared.state.oldestEvent
            return (
                try shared.state.register(consumer: consumer, landed: nil, isBacklog: isBacklog), event
            )
        }
    }

    /// What only this reader held back is trimmed. True when the writer was woken for it.
    @discardableResult
    package func unregister(consumer: String) -> Bool {
        let mustWake = shared.withLock { shared in
            shared.listeners[consumer] = nil
            return shared.state.unregister(consumer: consumer)
        }
        publish()
        if mustWake { wakeUp.signal() }
        return mustWake
    }

    /// The readers that hold back trimming.
    package var consumers: [String] { shared.withLock { $0.state.consumerNames } }

    /// Everything before `offset` has landed, durably, for this consumer. Never call it earlier.
    package func advance(consumer: String, to offset: LogOffset) throws {
        FaultPoints.pass(.logTrimBefore)
        let mustWake = try shared.withLock { try $0.state.advance(consumer: consumer, to: offset) }
        publish()
        if mustWake { wakeUp.signal() }
    }

    /// Calls `listener` after records became durable; it must not block.
    package func listen(consumer: String, _ listener: @escaping @Sendable () -> Void) {
        shared.withLock { $0.listeners[consumer] = listener }
    }

    /// What it took and refused since the process began.
    package var totals: LogTotals { metrics.totals }

    package var status: LogStatus { shared.withLock { $0.state.status } }

    /// Verifies every segment of a poisoned log on disk and takes requests again. Does nothing to a healthy one. Blocks.
    func reopenBlocking() throws(StreamsError) {
        guard environment.lease.isHeld else {
            throw StreamsError(.notOwned, "the node's lease on the stream may be over")
        }
        var opening = LogOpening(directory: directory, streamID: streamID, environment: environment)
        opening.verifiesAll = true
        opening.landedRecord = shared.withLock { $0.state.landedRecord }
        let found = try writer.withLock { writer throws(StreamsError) -> LogOpening.Result? in
            let mayReopen = shared.withLock { shared in
                guard case .poisoned = shared.state.health, !shared.state.isClosed else { return false }
                shared.isReopening = true
                return true
            }
            guard mayReopen else { return nil }
            defer { endReopening() }
            let found = try opening.run()
            writer = SegmentWriter(
                directory: directory, streamID: streamID, environment: environment, file: found.active)
            shared.withLock { $0.state.reopen(segments: found.segments, marks: found.marks) }
            return found
        }
        guard let found else { return }
        report(tornTail: found.tornTail, end: found.segments[found.segments.count - 1].endRecord)
        publish()
    }

    /// A close that came meanwhile ends now.
    private func endReopening() {
        let isClosed = shared.withLock { shared in
            shared.isReopening = false
            return shared.state.isClosed
        }
        if isClosed { wakeUp.signal() }
    }

    /// Writes what waits, then ends the writer; nobody touches the files any more. Requests that come later are refused.
    package func close() async {
        await withCheckedContinuation { continuation in close { continuation.resume() } }
    }

    /// As the other.
    func close(_ closed: @escaping @Sendable () -> Void) {
        let (mustWake, isDone) = shared.withLock { shared in
            if shared.isWriterDone { return (false, true) }
            shared.closers.append(closed)
            return (shared.state.close(), false)
        }
        if isDone { closed() }
        if mustWake { wakeUp.signal() }
    }

    func publish() {
        showMetrics()
        for listener in shared.withLock({ Array($0.listeners.values) }) { listener() }
    }

    private func showMetrics() {
        let (end, unlanded, queued) = shared.withLock {
            ($0.state.end.record, $0.state.unlandedBytes, $0.state.queueBytes)
        }
        metrics.set(endRecord: end, unlandedBytes: unlanded, queueBytes: queued)
    }

    func report(tornTail: SegmentScan.Fault?, end: Int64) {
        guard let tornTail else { return }
        environment.log.warning(
            "cut a torn tail off a stream's log",
            [
                "stream": .string(streamID.hexDigits), "position": .integer(Int64(tornTail.position)),
                "reason": .string(tornTail.reason), "records": .integer(end),
            ])
    }
}
