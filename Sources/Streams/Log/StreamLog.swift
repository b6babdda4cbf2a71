import Dispatch
package import Effects
import Foundation
import JSONText
import Scheduling
import Synchronization
import Telemetry

/// One stream's durable log: requests go in as whole records, are numbered without gaps, and stay until they landed.
///
/// Requests that wait together are written with one write and one fdatasync by the log's own thread, and acknowledged
/// after it. Everything is decided by `LogState`; this shell owns the thread, the files and those who wait.
///
/// - Threads: any. Reading and opening run on the I/O pool.
package final class StreamLog: Sendable {
    package typealias Completion = @Sendable (Result<LogOffset, StreamsError>) -> Void

    private struct Shared {
        var state: LogState
        var waiters: [Int: Completion] = [:]
        var listeners: [String: @Sendable () -> Void] = [:]
        var closers: [@Sendable () -> Void] = []
        var isWriterDone = false
    }

    package let streamID: UniqueID
    package let directory: String
    private let environment: LogEnvironment
    private let shared: Mutex<Shared>
    /// Only whoever writes holds it: the log's thread, or `reopen` while that thread sleeps.
    private let writer: Mutex<SegmentWriter>
    private let wakeUp = DispatchSemaphore(value: 0)
    private let metrics: LogMetrics

    /// Opens or begins the log in `directory`, verifies it, and starts its writer.
    package static func open(
        directory: String, streamID: UniqueID, limits: LogLimits = LogLimits(), environment: LogEnvironment
    ) async throws -> StreamLog {
        let log = try await environment.pool.run {
            try StreamLog(opening: directory, streamID: streamID, limits: limits, environment: environment)
        }
        log.startWriter()
        return log
    }

    /// Without a writer thread: whoever opens it so calls `runPending`. Blocks.
    init(
        opening directory: String, streamID: UniqueID, limits: LogLimits, environment: LogEnvironment
    ) throws(StreamsError) {
        let opening = LogOpening(directory: directory, streamID: streamID, environment: environment)
        let found = try opening.run()
        self.streamID = streamID
        self.directory = directory
        self.environment = environment
        shared = Mutex(Shared(state: LogState(limits: limits, segments: found.segments)))
        writer = Mutex(
            SegmentWriter(
                directory: directory, streamID: streamID, environment: environment, file: found.active))
        metrics = LogMetrics(registry: environment.metrics, stream: streamID)
        report(tornTail: found.tornTail, end: found.segments[found.segments.count - 1].endRecord)
        publish()
    }

    private func startWriter() {
        let thread = Thread { [self] in
            while true {
                wakeUp.wait()
                if runPending() { return }
            }
        }
        thread.name = "log-\(streamID.hexDigits.prefix(8))"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// The record is durable when this returns.
    ///
    /// - Errors: `backlogFull`, `queueFull`, `recordTooLarge`, `noSpace`, `poisoned`, `closed`: nothing was kept;
    ///   `outcomeUnknown`: the record may be there after the log is opened again.
    package func append(_ append: LogAppend, checksum: UInt32? = nil) async throws -> LogOffset {
        try await withCheckedThrowingContinuation { continuation in
            self.append(append, checksum: checksum) { continuation.resume(with: $0) }
        }
    }

    /// As the other; the answer may come on the caller's thread or on the log's own, and must not block it.
    ///
    /// `checksum` is `append.bodyChecksum` when the caller has computed it where long work belongs.
    package func append(_ append: LogAppend, checksum: UInt32? = nil, completion: @escaping Completion) {
        let checksum = checksum ?? append.bodyChecksum
        let admitted: Result<Bool, StreamsError> = shared.withLock { shared in
            Result { () throws(StreamsError) in
                let (ticket, mustWake) = try shared.state.admit(append, bodyChecksum: checksum)
                shared.waiters[ticket] = completion
                return mustWake
            }
        }
        switch admitted {
        case .success(true): wakeUp.signal()
        case .success(false): break
        case .failure(let error):
            metrics.refused.add()
            completion(.failure(error))
        }
    }

    /// Does the writer's work until there is none. True when the log is closed and everything is written.
    @discardableResult
    func runPending() -> Bool {
        while true {
            switch shared.withLock({ $0.state.nextWork() }) {
            case .commit(let group): commit(group)
            case .trim(let segments): trim(segments)
            case .sleep: return finishClosing()
            }
        }
    }

    private func commit(_ group: LogState.Group) {
        let planted = environment.planted
        if planted.has(.logAckBeforeWrite) { acknowledgeEarly(group) }
        do {
            let header = try writer.withLock { writer throws(SegmentWriter.GroupFailure) in
                try writer.commit(group) { if planted.has(.logAckBeforeSync) { acknowledgeEarly(group) } }
            }
            shared.withLock { $0.state.finish(group, header: header) }
            metrics.record(group)
            acknowledge(group)
            publish()
        } catch {
            fail(group, error)
        }
    }

    /// Only for planted bugs.
    private func acknowledgeEarly(_ group: LogState.Group) {
        acknowledge(group)
        _ = DispatchSemaphore(value: 0).wait(timeout: .now() + environment.plantedPauseSeconds)
    }

    private func acknowledge(_ group: LogState.Group) {
        let waiting = shared.withLock { shared in
            group.appends.map { shared.waiters.removeValue(forKey: $0.ticket) }
        }
        for (index, completion) in waiting.enumerated() {
            completion?(.success(LogOffset(record: group.firstRecord + Int64(index))))
        }
    }

    private func fail(_ group: LogState.Group, _ failure: SegmentWriter.GroupFailure) {
        let (failing, waiting) = shared.withLock { shared in
            let poison = failure.isPoison ? failure.error : nil
            let drained = shared.state.fail(group, poison: poison)
            return (
                group.appends.compactMap { shared.waiters.removeValue(forKey: $0.ticket) },
                drained.compactMap { shared.waiters.removeValue(forKey: $0) }
            )
        }
        environment.log.error(
            failure.isPoison ? "a stream's log is poisoned" : "a stream's log refused a group",
            ["stream": .string(streamID.hexDigits), "error": .string("\(failure.error)")])
        let groupError =
            failure.isPoison
            ? StreamsError(
                .outcomeUnknown, "the log failed while it kept the request", cause: failure.error)
            : failure.error
        for completion in failing { completion(.failure(groupError)) }
        let waitError = StreamsError(.poisoned, "the stream's log failed", cause: failure.error)
        for completion in waiting { completion(.failure(waitError)) }
    }

    private func trim(_ segments: [LogSegment]) {
        for segment in segments {
            do {
                try environment.files.remove("\(directory)/\(segment.fileName)")
                // One by one, so that a crash never leaves a hole between segments.
                try environment.files.syncDirectory(directory)
            } catch {
                return poison(error)
            }
            FaultPoints.pass(.logTrimMiddle)
        }
        publish()
    }

    private func poison(_ error: StreamsError) {
        let waiting = shared.withLock { shared in
            shared.state.poison(error).compactMap { shared.waiters.removeValue(forKey: $0) }
        }
        environment.log.error(
            "a stream's log is poisoned",
            ["stream": .string(streamID.hexDigits), "error": .string("\(error)")])
        let fault = StreamsError(.poisoned, "the stream's log failed", cause: error)
        for completion in waiting { completion(.failure(fault)) }
    }

    private func finishClosing() -> Bool {
        let closers = shared.withLock { shared -> [@Sendable () -> Void]? in
            guard shared.state.isClosed else { return nil }
            shared.isWriterDone = true
            defer { shared.closers = [] }
            return shared.closers
        }
        closers?.forEach { $0() }
        return closers != nil
    }
}

extension StreamLog {
    /// Records from `offset` on, at least one unless the end is reached, about `maxBytes` of them.
    ///
    /// - Errors: `offsetTrimmed`, `offsetBeyondEnd`, `corrupt`.
    package func read(from offset: LogOffset, maxBytes: Int) async throws -> LogSlice {
        try await environment.pool.run { try self.readBlocking(from: offset, maxBytes: maxBytes) }
    }

    func readBlocking(from offset: LogOffset, maxBytes: Int) throws(StreamsError) -> LogSlice {
        let state = shared.withLock { $0.state }
        try state.requireKept(offset)
        guard var segment = state.segment(containing: offset.record) else {
            return LogSlice(records: [], next: offset, end: state.end)
        }
        let path = "\(directory)/\(segment.fileName)"
        guard let file = try environment.files.open(path) else {
            throw StreamsError(.offsetTrimmed, "the log no longer keeps the offset", ["offset": offset])
        }
        if segment.marks == nil { segment = try learnMarks(of: segment, in: file, path: path) }
        let reading = LogReading(
            file: file, path: path, segment: segment,
            checksBodies: !environment.planted.has(.logNoChecksumCheck))
        let records = try reading.records(from: offset.record, maxBytes: maxBytes)
        return LogSlice(
            records: records, next: records.last?.nextOffset ?? offset, end: state.end)
    }

    private func learnMarks(
        of segment: LogSegment, in file: any LogFile, path: String
    ) throws(StreamsError) -> LogSegment {
        let bytes = try file.read(at: 0, count: SegmentHeader.byteCount)
        guard case .header(let header) = SegmentHeader.read(bytes.span) else {
            throw StreamsError(.corrupt, "the segment's header is damaged", ["path": path, "position": 0])
        }
        let scan = try SegmentScan.run(file, header: header)
        guard scan.fault == nil, scan.segment.endRecord == segment.endRecord else {
            throw StreamsError(
                .corrupt, "the stream's log is damaged",
                [
                    "path": path, "position": scan.segment.byteCount,
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
        try shared.withLock { shared in try shared.state.register(consumer: consumer, landed: landed) }
    }

    /// Holds back trimming for a new reader that begins at the oldest record kept; also says how many events the stream
    /// accepted before that record.
    package func registerAtOldest(consumer: String) throws -> (offset: LogOffset, event: Int64) {
        try shared.withLock { shared in
            let event = shared.state.oldestEvent
            return (try shared.state.register(consumer: consumer, landed: nil), event)
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

    package var status: LogStatus {
        let state = shared.withLock { $0.state }
        var failure: StreamsError?
        do throws(StreamsError) { try state.requireHealthy() } catch { failure = error }
        return LogStatus(
            oldest: state.oldest, end: state.end, oldestEvent: state.oldestEvent,
            acceptedEvents: state.endEvent,
            byteCount: state.byteCount, unlandedBytes: state.unlandedBytes,
            segmentCount: state.segments.count,
            failure: failure)
    }

    /// Verifies every segment of a poisoned log on disk and takes requests again. Does nothing to a healthy one.
    package func reopen() async throws {
        try await environment.pool.run { try self.reopenBlocking() }
    }

    func reopenBlocking() throws(StreamsError) {
        var opening = LogOpening(directory: directory, streamID: streamID, environment: environment)
        opening.verifiesAll = true
        let found = try writer.withLock { writer throws(StreamsError) -> LogOpening.Result? in
            let mayReopen = shared.withLock { shared in
                guard case .poisoned = shared.state.health else { return false }
                return !shared.state.isClosed
            }
            guard mayReopen else { return nil }
            let found = try opening.run()
            writer = SegmentWriter(
                directory: directory, streamID: streamID, environment: environment, file: found.active)
            shared.withLock { $0.state.reopen(segments: found.segments) }
            return found
        }
        guard let found else { return }
        report(tornTail: found.tornTail, end: found.segments[found.segments.count - 1].endRecord)
        publish()
    }

    /// Writes what waits, then ends the writer. Requests that come later are refused.
    package func close() async {
        await withCheckedContinuation { continuation in
            let (mustWake, isDone) = shared.withLock { shared in
                if shared.isWriterDone { return (false, true) }
                shared.closers.append { continuation.resume() }
                return (shared.state.close(), false)
            }
            if isDone { continuation.resume() }
            if mustWake { wakeUp.signal() }
        }
    }

    private func publish() {
        let (end, unlanded, queued, listeners) = shared.withLock {
            ($0.state.end.record, $0.state.unlandedBytes, $0.state.queueBytes, Array($0.listeners.values))
        }
        metrics.set(endRecord: end, unlandedBytes: unlanded, queueBytes: queued)
        for listener in listeners { listener() }
    }

    private func report(tornTail: SegmentScan.Fault?, end: Int64) {
        guard let tornTail else { return }
        environment.log.warning(
            "cut a torn tail off a stream's log",
            [
                "stream": .string(streamID.hexDigits), "position": .integer(Int64(tornTail.position)),
                "reason": .string(tornTail.reason), "records": .integer(end),
            ])
    }
}
