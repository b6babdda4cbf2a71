import Effects

/// Decides what the log does; the shell around it owns the thread, the files and the callers' waiting.
///
/// Records get their numbers when their group begins, and count only when the group is durable: a group that failed
/// before a byte was written leaves no gap.
struct LogState: Sendable {
    enum Health: Sendable {
        case healthy
        case poisoned(StreamsError)
    }

    struct PendingAppend: Sendable {
        var ticket: Int
        var append: LogAppend
        var bodyChecksum: UInt32
        var byteCount: Int { RecordHeader.byteCount + append.body.count }
    }

    private struct PendingMark {
        var mark: RequestMark
        var ticket: Int
        var bodyChecksum: UInt32
        var bodyLength: Int
    }

    struct Consumer {
        /// Behind the end where the log has lost records that had landed.
        var landed: LogOffset
        /// Whether producers wait for it when it is far behind.
        var isBacklog = true
    }

    let limits: LogLimits
    /// Oldest first; the last one is written to. Never empty.
    private(set) var segments: [LogSegment]
    private(set) var health: Health = .healthy
    /// Nothing is admitted any more. Apart from `health`: a poisoned log ends too, and one that fails while it ends.
    private(set) var isClosed = false
    private(set) var queueBytes = 0
    /// Durable bytes of records that some consumer has not landed; all of them while there is none.
    private(set) var unlandedBytes = 0
    /// What some consumer has landed and the log does not have: the numbers up to here must not be given out again.
    private var lostEnd: LogOffset?
    /// What the disk had left when somebody looked last; nil while nobody knows, or nothing is kept for landing.
    var space: LogSpace?
    /// The last request found no room. Nothing measured says so: quotas are not seen from outside, and requests are of
    /// any size.
    var lacksRoom = false
    /// Where the log ended when a segment was last sealed in vain: tried again when more lands or is measured.
    var sealTriedAt: Int64 = -1
    private var queue: [PendingAppend] = []
    private(set) var consumers: [String: Consumer] = [:]
    private var nextTicket = 0
    private var isWriterAsleep = true
    private(set) var marks: MarkIndex
    /// By id: marks of requests that are in the queue or being written.
    private var pendingMarks: [UniqueID: PendingMark] = [:]
    /// The last durable checkpoint: its generation, and the first record it does not cover.
    private(set) var checkpoint: (generation: Int64, end: Int64)
    /// Where the active segment began when a checkpoint was last tried: once for each, or the writer would do nothing else.
    private var checkpointTriedAt: Int64 = -1
    private let streamID: UniqueID

    init(limits: LogLimits, segments: [LogSegment], marks: MarkFile) {
        precondition(!segments.isEmpty)
        self.limits = limits
        self.segments = segments
        self.marks = Self.index(marks, segments)
        checkpoint = (marks.generation, marks.end)
        streamID = marks.streamID
        countUnlanded()
    }

    /// Without what a checkpoint says of records that the log does not have.
    private static func index(_ file: MarkFile, _ segments: [LogSegment]) -> MarkIndex {
        let end = segments[segments.count - 1].endRecord
        return MarkIndex(file.marked.filter { $0.record < end })
    }

    var active: LogSegment { segments[segments.count - 1] }
    var oldest: LogOffset { LogOffset(record: segments[0].firstRecord) }
    var oldestEvent: Int64 { segments[0].firstEvent }
    /// Behind the last durable record.
    var end: LogOffset { LogOffset(record: active.endRecord) }
    /// How many events the stream ever accepted.
    var endEvent: Int64 { active.endEvent }
    var byteCount: Int { segments.reduce(0) { $0 + $1.byteCount } }

    /// Takes a request into the queue, knows it again, or says why not.
    ///
    /// - Parameter backlogBytes: The stream's own limit, besides the node's.
    mutating func admit(
        _ append: LogAppend, bodyChecksum: UInt32, backlogBytes: Int? = nil
    ) throws(StreamsError) -> Admission {
        try requireHealthy()
        if let lostEnd { throw beyondEnd(lostEnd, "a pipeline stands behind the end of the stream's log") }
        guard append.body.count <= limits.recordBytes, append.eventCount <= Int(UInt32.max) else {
            throw StreamsError(
                .recordTooLarge, "the request is larger than a record may be",
                ["bytes": append.body.count, "limit": limits.recordBytes])
        }
        if let mark = append.mark, let known = try recognise(mark, append, bodyChecksum) { return known }
        let pending = PendingAppend(ticket: nextTicket, append: append, bodyChecksum: bodyChecksum)
        try requireBacklog(for: pending.byteCount, own: backlogBytes)
        try requireSpace(for: pending.byteCount)
        guard queueBytes == 0 || queueBytes + pending.byteCount <= limits.queueBytes else {
            throw StreamsError(
                .queueFull, "too many bytes wait for the log",
                ["bytes": queueBytes, "limit": limits.queueBytes],
                hint: "wait a moment and send again")
        }
        nextTicket += 1
        queueBytes += pending.byteCount
        queue.append(pending)
        if let mark = append.mark {
            pendingMarks[mark.id] = PendingMark(
                mark: mark, ticket: pending.ticket, bodyChecksum: bodyChecksum, bodyLength: append.body.count)
        }
        defer { isWriterAsleep = false }
        return .queued(ticket: pending.ticket, mustWake: isWriterAsleep)
    }

    private func requireBacklog(for bytes: Int, own: Int?) throws(StreamsError) {
        let limit = min(limits.backlogBytes, own ?? .max)
        guard bytes <= limit else {
            throw StreamsError(
                .recordTooLarge, "the request is larger than the stream's whole backlog may be",
                ["bytes": bytes, "limit": limit],
                hint: limit < limits.backlogBytes
                    ? "send fewer events at once, or raise the stream's limit backlog_bytes"
                    : "send fewer events at once, or start the server with a larger --log-backlog-bytes")
        }
        guard unlandedBytes + queueBytes + bytes <= limit else {
            throw StreamsError(
                .backlogFull, "the stream's backlog is at its limit",
                ["bytes": unlandedBytes + queueBytes, "limit": limit],
                hint: "wait until the pipelines have landed more, or start one")
        }
    }

    /// Nil when the request is new.
    private mutating func recognise(
        _ mark: RequestMark, _ append: LogAppend, _ checksum: UInt32
    ) throws(StreamsError) -> Admission? {
        marks.forget(
            before: Instant(
                microseconds: append.receivedAt.microseconds &- limits.markWindowSeconds &* 1_000_000))
        if let pending = pendingMarks[mark.id] {
            guard pending.mark == mark else {
                throw StreamsError(
                    .sequencePending, "the producer's request before this one is still being kept",
                    hint: "wait for its answer")
            }
            guard pending.bodyChecksum == checksum, pending.bodyLength == append.body.count else {
                throw MarkIndex.reused()
            }
            return .joined(ticket: pending.ticket)
        }
        if let receipt = try marks.find(mark, append, checksum: checksum) { return .repeated(receipt) }
        guard marks.contains(mark.id) || marks.count + pendingMarks.count < limits.marks else {
            throw marksFull(at: append.receivedAt)
        }
        return nil
    }

    /// Forgetting one inside its window instead would keep its request twice when it comes again.
    private mutating func marksFull(at now: Instant) -> StreamsError {
        let age = marks.oldest().map { now.microseconds &- $0.microseconds } ?? 0
        let wait = limits.markWindowSeconds - age / 1_000_000
        return StreamsError(
            .marksFull, "as many keys and producers are remembered as may be", ["limit": limits.marks],
            hint: "the oldest is forgotten in \(max(1, wait)) s; count requests with Firn-Producer and "
                + "Firn-Sequence, which takes one place for all of them, or put more events in a request",
            retryAfterSeconds: Int(max(1, min(wait, limits.longestRetrySeconds))))
    }

    /// What the writer does next. Trimming comes first: it may make room on a full disk.
    mutating func nextWork() -> Work {
        if case .poisoned = health { return sleep() }
        if mustCheckpoint {
            checkpointTriedAt = active.firstRecord
            return .checkpoint(
                MarkFile(
                    streamID: streamID, generation: checkpoint.generation + 1, end: active.firstRecord,
                    marked: []))
        }
        let landed = trimmable()
        if !landed.isEmpty {
            // Gone for readers before their files are: nobody may begin where a file is about to vanish.
            segments.removeFirst(landed.count)
            assert(invariantsHold)
            return .trim(landed)
        }
        if mustSeal {
            sealTriedAt = end.record
            return .seal(firstRecord: active.endRecord, firstEvent: active.endEvent)
        }
        guard !queue.isEmpty else { return sleep() }
        var count = 0
        var byteCount = 0
        while count < queue.count, count == 0 || byteCount + queue[count].byteCount <= limits.groupBytes {
            byteCount += queue[count].byteCount
            count += 1
        }
        let startsSegment = active.byteCount >= segmentBytes
        let group = Group(
            startsSegment: startsSegment, firstRecord: active.endRecord, firstEvent: active.endEvent,
            position: startsSegment ? SegmentHeader.byteCount : active.byteCount,
            appends: Array(queue[..<count]), byteCount: byteCount)
        queue.removeFirst(count)
        return .commit(group)
    }

    /// Marks gathered in one go: about a tenth of a millisecond, for which producers wait.
    private static let gatheredMarks = 1024

    /// What `file` is to hold, of the records from `record` on; and where to go on, nil at the end. Only the writer
    /// gathers, and it adds no marks meanwhile: what changes between two calls is what became too old.
    func marks(for file: MarkFile, from record: Int64) -> (marked: [MarkedRecord], next: Int64?) {
        let (marked, next) = marks.part(from: record, limit: Self.gatheredMarks)
        // Where a producer began may be in no segment any more when the next checkpoint is due.
        return (marked.filter { $0.record < file.end || $0.firstNumber != nil }, next)
    }

    private var mustCheckpoint: Bool {
        checkpoint.end < active.firstRecord && checkpointTriedAt != active.firstRecord
    }

    mutating func finish(_ file: MarkFile) {
        precondition(file.generation == checkpoint.generation + 1 && file.end >= checkpoint.end)
        checkpoint = (file.generation, file.end)
    }

    private mutating func sleep() -> Work {
        isWriterAsleep = true
        return .sleep
    }

    /// The group is durable: its records exist.
    mutating func finish(_ group: Group, header: SegmentHeader?) {
        if let header { begin(header) }
        precondition(active.endRecord == group.firstRecord && active.byteCount == group.position)
        for pending in group.appends {
            if let mark = pending.append.mark {
                pendingMarks[mark.id] = nil
                learn(mark, of: pending)
            }
            segments[segments.count - 1].extend(
                byteCount: pending.byteCount, eventCount: pending.append.eventCount)
        }
        queueBytes -= group.byteCount
        unlandedBytes += group.byteCount
        lacksRoom = false
        assert(invariantsHold)
    }

    /// The segment's file is durable.
    mutating func begin(_ header: SegmentHeader) {
        precondition(header.firstRecord == active.endRecord && header.firstEvent == active.endEvent)
        segments.append(LogSegment(header: header))
    }

    /// Of the record that follows the last one.
    private mutating func learn(_ mark: RequestMark, of pending: PendingAppend) {
        marks.insert(
            MarkedRecord(
                mark: mark, record: active.endRecord, eventCount: pending.append.eventCount,
                bodyLength: pending.append.body.count, bodyChecksum: pending.bodyChecksum,
                receivedAt: pending.append.receivedAt))
    }

    /// The group is not acknowledged. Answers the tickets of waiting requests that fail with it: all, when the log
    /// is poisoned.
    ///
    /// `keepsMarks` only for a planted bug.
    mutating func fail(
        _ group: Group, poison: StreamsError?, lacksRoom: Bool = false, keepsMarks: Bool = false
    ) -> [Int] {
        self.lacksRoom = lacksRoom
        queueBytes -= group.byteCount
        for pending in group.appends {
            guard let mark = pending.append.mark else { continue }
            pendingMarks[mark.id] = nil
            if keepsMarks { learn(mark, of: pending) }
        }
        return poison.map { self.poison($0) } ?? []
    }

    /// Everything that was found and verified on disk takes the place of what was known.
    mutating func reopen(segments found: [LogSegment], marks file: MarkFile) {
        precondition(!found.isEmpty && queue.isEmpty)
        segments = found
        health = .healthy
        marks = Self.index(file, found)
        checkpoint = (file.generation, file.end)
        checkpointTriedAt = -1
        countUnlanded()
    }

    mutating func poison(_ error: StreamsError) -> [Int] {
        health = .poisoned(error)
        return letGo()
    }

    /// These were to be trimmed and were not: they are the first to go next time, so that no hole comes behind them.
    mutating func keep(_ untrimmed: [LogSegment]) {
        precondition(untrimmed.last?.endRecord == segments[0].firstRecord)
        segments.insert(contentsOf: untrimmed, at: 0)
        countUnlanded()
        assert(invariantsHold)
    }

    /// Nothing may be written now: what waits is not kept. Answers its tickets.
    mutating func letGoAndSleep() -> [Int] {
        isWriterAsleep = true
        return letGo()
    }

    private mutating func letGo() -> [Int] {
        defer {
            queueBytes -= queue.reduce(0) { $0 + $1.byteCount }
            queue = []
            pendingMarks = [:]
        }
        return queue.map(\.ticket)
    }

    /// Nothing is admitted any more; what waits is still written. True when the writer must be woken to end.
    mutating func close() -> Bool {
        isClosed = true
        defer { isWriterAsleep = false }
        return isWriterAsleep
    }

    /// A reader whose unlanded records must stay. It begins at `landed`, or at the oldest kept record.
    ///
    /// - Errors: `offsetTrimmed`; `offsetBeyondEnd`: then the log takes nothing until the reader stands elsewhere or goes.
    mutating func register(
        consumer: String, landed: LogOffset?, isBacklog: Bool = true
    ) throws(StreamsError) -> LogOffset {
        let offset = landed ?? oldest
        if offset <= end { try requireKept(offset) }
        consumers[consumer] = Consumer(landed: offset, isBacklog: isBacklog)
        countUnlanded()
        if offset > end { throw beyondEnd(offset) }
        return offset
    }

    /// True when the writer must be woken to trim what only this reader held.
    mutating func unregister(consumer: String) -> Bool {
        consumers[consumer] = nil
        countUnlanded()
        return mustWakeToTrim()
    }

    mutating func mustWakeToTrim() -> Bool {
        // What failed is tried again when something could be trimmed.
        checkpointTriedAt = -1
        sealTriedAt = -1
        guard isWriterAsleep, !isClosed, case .healthy = health,
            mustCheckpoint || mustSeal || !trimmable().isEmpty
        else { return false }
        isWriterAsleep = false
        return true
    }

    /// Everything before `offset` has landed for this consumer. True when the writer must be woken to trim.
    mutating func advance(consumer: String, to offset: LogOffset) throws(StreamsError) -> Bool {
        guard offset <= end else { throw beyondEnd(offset) }
        guard let known = consumers[consumer], known.landed <= offset else { return false }
        consumers[consumer]?.landed = offset
        countUnlanded()
        return mustWakeToTrim()
    }

    var landed: LogOffset? { consumers.values.map(\.landed).min() }

    private mutating func countUnlanded() {
        lostEnd = consumers.values.map(\.landed).max().flatMap { $0 > end ? $0 : nil }
        guard let landed = consumers.values.filter(\.isBacklog).map(\.landed).min() else {
            unlandedBytes = segments.reduce(0) { $0 + $1.byteCount - SegmentHeader.byteCount }
            return
        }
        unlandedBytes = segments.reduce(0) { total, segment in
            if segment.endRecord <= landed.record { return total }
            return total + segment.byteCount - segment.mark(before: landed.record).position
        }
    }

    /// Keeps what a scan learned of an older segment.
    mutating func learn(marks: [LogMark], ofSegmentFrom firstRecord: Int64) {
        guard let index = segments.firstIndex(where: { $0.firstRecord == firstRecord }) else { return }
        if segments[index].marks == nil { segments[index].marks = marks }
    }
}
