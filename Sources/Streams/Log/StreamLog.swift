import Dispatch
package import Effects
import Foundation
import JSONText
import Metastore
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
    package typealias Completion = @Sendable (Result<LogReceipt, StreamsError>) -> Void

    struct Waiter {
        var completion: Completion
        /// It sent what another was sending already.
        var isRepeat: Bool
    }

    struct Shared {
        var state: LogState
        var waiters: [Int: [Waiter]] = [:]
        var listeners: [String: @Sendable () -> Void] = [:]
        var closers: [@Sendable () -> Void] = []
        var isWriterDone = false
        /// Somebody verifies the files of a poisoned log and may write to them.
        var isReopening = false
    }

    package let streamID: UniqueID
    package let directory: String
    /// As the setting has it.
    let reserveBytes: Int?
    let environment: LogEnvironment
    let shared: Mutex<Shared>
    /// Only whoever writes holds it: the log's thread, or `reopen` while that thread sleeps.
    let writer: Mutex<SegmentWriter>
    let wakeUp = DispatchSemaphore(value: 0)
    let metrics: LogMetrics

    /// Opens or begins the log in `directory`, verifies it, and starts its writer. Records before `landedRecord` have
    /// landed somewhere.
    package static func open(
        directory: String, streamID: UniqueID, landedRecord: Int64 = 0, limits: LogLimits = LogLimits(),
        environment: LogEnvironment
    ) async throws -> StreamLog {
        let log = try await environment.pool.run {
            try StreamLog(
                opening: directory, streamID: streamID, landedRecord: landedRecord, limits: limits,
                environment: environment)
        }
        log.startWriter()
        return log
    }

    /// Without a writer thread: whoever opens it so calls `runPending`. Blocks.
    init(
        opening directory: String, streamID: UniqueID, landedRecord: Int64 = 0, limits: LogLimits,
        environment: LogEnvironment
    ) throws(StreamsError) {
        let opening = LogOpening(
            directory: directory, streamID: streamID, environment: environment, landedRecord: landedRecord)
        let found = try opening.run()
        self.streamID = streamID
        self.directory = directory
        reserveBytes = limits.reserveBytes
        self.environment = environment
        shared = Mutex(Shared(state: LogState(limits: limits, segments: found.segments, marks: found.marks)))
        writer = Mutex(
            SegmentWriter(
                directory: directory, streamID: streamID, environment: environment, file: found.active))
        metrics = LogMetrics(
            registry: environment.metrics, stream: streamID,
            name: environment.streamName ?? streamID.hexDigits)
        measureSpace()
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
    /// - Errors: `backlogFull`, `queueFull`, `recordTooLarge`, `noSpace`, `poisoned`, `closed`, `notOwned`, and
    ///   `offsetBeyondEnd` while a pipeline stands behind the end: nothing was kept;
    ///   `outcomeUnknown`: the record may be there after the log is opened again.
    package func append(
        _ append: LogAppend, checksum: UInt32? = nil, backlogBytes: Int? = nil
    ) async throws -> LogReceipt {
        try await withCheckedThrowingContinuation { continuation in
            self.append(append, checksum: checksum, backlogBytes: backlogBytes) {
                continuation.resume(with: $0)
            }
        }
    }

    /// As the other; the answer may come on the caller's thread or on the log's own, and must not block it.
    ///
    /// `checksum` is `append.bodyChecksum` when the caller has computed it where long work belongs; `backlogBytes` is the
    /// stream's own limit.
    package func append(
        _ append: LogAppend, checksum: UInt32? = nil, backlogBytes: Int? = nil,
        completion: @escaping Completion
    ) {
        let checksum = checksum ?? append.bodyChecksum
        let planted = environment.planted
        // Also of what is only known again: another process may have the log, and know better.
        guard mayWrite else {
            metrics.refused.add()
            return completion(.failure(Self.notOwned))
        }
        let admitted: Result<LogState.Admission, StreamsError> = shared.withLock { shared in
            Result { () throws(StreamsError) in
                let admission = try shared.state.admit(
                    append, bodyChecksum: checksum, backlogBytes: backlogBytes)
                switch admission {
                case .queued(let ticket, _):
                    shared.waiters[ticket] = [Waiter(completion: completion, isRepeat: false)]
                case .joined(let ticket) where !planted.has(.logRepeatAckedEarly):
                    shared.waiters[ticket, default: []].append(Waiter(completion: completion, isRepeat: true))
                case .joined, .repeated: break
                }
                return admission
            }
        }
        switch admitted {
        case .success(.queued(_, true)): wakeUp.signal()
        case .success(.queued(_, false)): break
        case .success(.joined):
            if planted.has(.logRepeatAckedEarly) {
                completion(
                    .success(LogReceipt(offset: .start, eventCount: append.eventCount, isRepeat: true)))
            }
        case .success(.repeated(let receipt)):
            // Its group may have ended after the lease since the first look: then the disk's next owner may not have it.
            guard mayWrite else {
                metrics.refused.add()
                return completion(.failure(Self.notOwned))
            }
            metrics.repeated.add()
            completion(.success(receipt))
        case .failure(let error):
            metrics.refused.add()
            if error.code == .noSpace { askForRoom() }
            completion(.failure(error))
        }
    }

    /// Does the writer's work until there is none. True when the log is closed and everything is written.
    @discardableResult
    func runPending() -> Bool {
        while true {
            measureSpace()
            guard mayWrite else {
                letGo()
                return finishClosing()
            }
            switch shared.withLock({ $0.state.nextWork() }) {
            case .commit(let group): commit(group)
            case .checkpoint(let marks): checkpoint(marks)
            case .trim(let segments): trim(segments)
            case .seal(let record, let event): seal(firstRecord: record, firstEvent: event)
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
            // Only now: what is durable before the lease's end is there for whoever has the disk after it.
            if environment.lease.isHeld || planted.has(.ackAfterLease) {
                acknowledge(group)
            } else {
                refuse(
                    group.appends.map(\.ticket),
                    StreamsError(
                        .outcomeUnknown, "the node's lease may have ended while the request was kept",
                        hint: "send it again with its key"))
            }
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
            group.appends.map { shared.waiters.removeValue(forKey: $0.ticket) ?? [] }
        }
        for (index, waiters) in waiting.enumerated() {
            let offset = LogOffset(record: group.firstRecord + Int64(index))
            for waiter in waiters {
                waiter.completion(
                    .success(
                        LogReceipt(
                            offset: offset, eventCount: group.appends[index].append.eventCount,
                            isRepeat: waiter.isRepeat)))
            }
        }
    }

    private var mayWrite: Bool {
        environment.lease.isHeld || environment.planted.has(.ackAfterLease)
    }

    private static let notOwned = StreamsError(
        .notOwned, "the node's lease on the stream may be over", hint: "wait a moment and send again",
        retryAfterSeconds: 1)

    /// Whoever waits is told that nothing was kept; nothing is written, trimmed or sealed.
    private func letGo() { refuse(shared.withLock { $0.state.letGoAndSleep() }, Self.notOwned) }

    private func refuse(_ tickets: [Int], _ error: StreamsError) {
        let waiting = shared.withLock { shared in
            tickets.flatMap { shared.waiters.removeValue(forKey: $0) ?? [] }
        }
        if !waiting.isEmpty { metrics.refused.add(Int64(waiting.count)) }
        for waiter in waiting { waiter.completion(.failure(error)) }
    }

    private func fail(_ group: LogState.Group, _ failure: SegmentWriter.GroupFailure) {
        let (failing, waiting) = shared.withLock { shared in
            let poison = failure.isPoison ? failure.error : nil
            let drained = shared.state.fail(
                group, poison: poison, lacksRoom: failure.error.code == .noSpace,
                keepsMarks: environment.planted.has(.logFailedMarkKept))
            return (
                group.appends.flatMap { shared.waiters.removeValue(forKey: $0.ticket) ?? [] },
                drained.flatMap { shared.waiters.removeValue(forKey: $0) ?? [] }
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
        if failure.error.code == .noSpace { askForRoom() }
        for waiter in failing { waiter.completion(.failure(groupError)) }
        let waitError = StreamsError(.poisoned, "the stream's log failed", cause: failure.error)
        for waiter in waiting { waiter.completion(.failure(waitError)) }
    }

    /// Without a checkpoint nothing it would cover is trimmed; it is tried again with the next segment, or when more
    /// has landed.
    private func checkpoint(_ planned: MarkFile) {
        let marks = gatherMarks(for: planned)
        do {
            try MarkStore(directory: directory, streamID: streamID, environment: environment).write(marks)
            shared.withLock { $0.state.finish(marks) }
        } catch {
            environment.log.error(
                "a stream's index of requests cannot be written",
                ["stream": .string(streamID.hexDigits), "error": .string("\(error)")])
        }
    }

    /// Piece by piece, so that no producer waits for all of it.
    private func gatherMarks(for planned: MarkFile) -> MarkFile {
        var file = planned
        var next: Int64? = 0
        while let record = next {
            let part = shared.withLock { $0.state.marks(for: planned, from: record) }
            file.marked += part.marked
            next = part.next
        }
        return file
    }

    private func trim(_ segments: [LogSegment]) {
        for (index, segment) in segments.enumerated() {
            guard mayWrite else {
                shared.withLock { $0.state.keep(Array(segments[index...])) }
                return publish()
            }
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

    private func seal(firstRecord: Int64, firstEvent: Int64) {
        do {
            let header = try writer.withLock { writer throws(StreamsError) in
                try writer.createSegment(firstRecord: firstRecord, firstEvent: firstEvent)
            }
            shared.withLock { $0.state.begin(header) }
        } catch {
            guard writer.withLock({ $0.isSafeToRetry }) else { return poison(error) }
            environment.log.warning(
                "a stream's log finds no room for a new segment",
                ["stream": .string(streamID.hexDigits), "error": .string("\(error)")])
        }
    }

    private func poison(_ error: StreamsError) {
        let waiting = shared.withLock { shared in
            shared.state.poison(error).flatMap { shared.waiters.removeValue(forKey: $0) ?? [] }
        }
        environment.log.error(
            "a stream's log is poisoned",
            ["stream": .string(streamID.hexDigits), "error": .string("\(error)")])
        let fault = StreamsError(.poisoned, "the stream's log failed", cause: error)
        for waiter in waiting { waiter.completion(.failure(fault)) }
    }

    private func finishClosing() -> Bool {
        let closers = shared.withLock { shared -> [@Sendable () -> Void]? in
            // Whoever waits for the end may take the files away.
            guard shared.state.isClosed, !shared.isReopening else { return nil }
            shared.isWriterDone = true
            defer { shared.closers = [] }
            return shared.closers
        }
        closers?.forEach { $0() }
        return closers != nil
    }
}
