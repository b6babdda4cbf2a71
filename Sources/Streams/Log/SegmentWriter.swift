import Effects
import JSONText
import Telemetry

/// Writes groups to segment files, each with one write and one sync. Used by one thread at a time.
struct SegmentWriter: Sendable {
    let directory: String
    let streamID: UniqueID
    let environment: LogEnvironment
    var file: (any LogFile)?
    private var buffer: [UInt8] = []
    private let syncs: Counter
    private let syncTime: Histogram

    init(directory: String, streamID: UniqueID, environment: LogEnvironment, file: (any LogFile)? = nil) {
        self.directory = directory
        self.streamID = streamID
        self.environment = environment
        self.file = file
        syncs = environment.metrics.counter(
            "firn_stream_log_syncs_total", help: "fdatasync calls of stream logs")
        syncTime = environment.metrics.histogram(
            "firn_stream_log_sync_seconds", help: "Time of an fdatasync of a stream log")
    }

    /// Why a group is not durable.
    struct GroupFailure: Error {
        var error: StreamsError
        /// True when bytes of the group may be in the file: nobody knows whether its records exist.
        var isPoison: Bool
    }

    /// Calls `written` between the write and the sync.
    ///
    /// - Returns: the header of the segment that was begun for the group, if one was.
    mutating func commit(
        _ group: LogState.Group, written: () -> Void
    ) throws(GroupFailure) -> SegmentHeader? {
        var header: SegmentHeader?
        if group.startsSegment {
            do throws(StreamsError) {
                header = try createSegment(firstRecord: group.firstRecord, firstEvent: group.firstEvent)
            } catch {
                throw GroupFailure(error: error, isPoison: !isSafeToRetry)
            }
        }
        guard let file else {
            preconditionFailure("a group needs an open segment")
        }
        encode(group)
        do throws(StreamsError) {
            try write(to: file, at: group.position)
        } catch {
            throw GroupFailure(
                error: error, isPoison: !rollBack(group, hasNewSegment: header != nil, after: error))
        }
        FaultPoints.pass(.logGroupWritten)
        written()
        do throws(StreamsError) {
            try sync(file)
        } catch {
            if environment.planted.has(.logIgnoreFailedSync) { return header }
            throw GroupFailure(error: error, isPoison: true)
        }
        FaultPoints.pass(.logGroupDurable)
        return header
    }

    /// True while the file in `file` is whole up to where the next group begins.
    var isSafeToRetry: Bool { file != nil }

    /// Makes a segment file with a durable header and a durable name, and writes to it from now on.
    mutating func createSegment(firstRecord: Int64, firstEvent: Int64) throws(StreamsError) -> SegmentHeader {
        let header = SegmentHeader(
            streamID: streamID, firstRecord: firstRecord, firstEvent: firstEvent,
            createdAt: environment.clock.now)
        let path = "\(directory)/\(SegmentHeader.fileName(firstRecord: firstRecord))"
        let previous = file
        do throws(StreamsError) {
            let created = try environment.files.create(path)
            try created.write(header.bytes.span, at: 0)
            try sync(created)
            FaultPoints.pass(.logSegmentCreated)
            if !environment.planted.has(.segmentDirectoryNotSynced) {
                try environment.files.syncDirectory(directory)
            }
            file = created
        } catch {
            file = nil
            try environment.files.remove(path)
            file = previous
            throw error
        }
        return header
    }

    /// Takes back what a write to a full disk left. False when that failed, or the write failed for another reason.
    private mutating func rollBack(
        _ group: LogState.Group, hasNewSegment: Bool, after error: StreamsError
    ) -> Bool {
        guard error.code == .noSpace, let file else { return false }
        if environment.planted.has(.logFullDiskLeftovers), !hasNewSegment { return true }
        do {
            try file.truncate(to: group.position)
            guard hasNewSegment else { return true }
            // The next group would begin the same segment again.
            try environment.files.remove(
                "\(directory)/\(SegmentHeader.fileName(firstRecord: group.firstRecord))")
            return true
        } catch {
            environment.log.error("a full disk left half a group", ["error": .string("\(error)")])
            return false
        }
    }

    private mutating func encode(_ group: LogState.Group) {
        buffer.removeAll(keepingCapacity: true)
        buffer.reserveCapacity(group.byteCount)
        var event = group.firstEvent
        for (index, pending) in group.appends.enumerated() {
            let header = RecordHeader(
                pending.append, number: group.firstRecord + Int64(index), firstEvent: event,
                groupStart: group.position, bodyChecksum: pending.bodyChecksum)
            header.write(to: &buffer)
            buffer.append(contentsOf: pending.append.body)
            event += Int64(pending.append.eventCount)
        }
        precondition(buffer.count == group.byteCount)
    }

    private func write(to file: any LogFile, at position: Int) throws(StreamsError) {
        guard FaultPoints.isAimed(at: .logGroupPartial) else {
            return try file.write(buffer.span, at: position)
        }
        let half = buffer.count / 2
        try file.write(buffer.span.extracting(..<half), at: position)
        FaultPoints.pass(.logGroupPartial)
        try file.write(buffer.span.extracting(half...), at: position + half)
    }

    private func sync(_ file: any LogFile) throws(StreamsError) {
        if environment.planted.has(.logSkipSync) { return }
        let start = environment.clock.monotonicNanoseconds
        try file.sync()
        syncs.add()
        syncTime.record(nanoseconds: environment.clock.monotonicNanoseconds - start)
    }
}
