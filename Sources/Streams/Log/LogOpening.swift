import Effects
import Faults

/// Finds and verifies the segments of a log when it is opened.
///
/// Only a torn tail of the last segment is cut off, and only behind what has landed; anything else that is not as it was
/// written is an error that names file and position. What is found is made durable before anybody may read it: a killed
/// process leaves bytes in the page cache that a later power cut would take back.
struct LogOpening {
    var directory: String
    var streamID: UniqueID
    var environment: LogEnvironment
    /// Records before this one have landed somewhere: they were durable, and no fault among them is a torn tail.
    var landedRecord: Int64 = 0
    /// Read every segment, not only the last one.
    var verifiesAll = false

    struct Result {
        var segments: [LogSegment]
        var active: any LogFile
        /// What was cut off the end, when something was.
        var tornTail: SegmentScan.Fault?
        /// The checkpoint that was found, with the marks of later records added.
        var marks: MarkFile
    }

    private struct Found {
        var path: String
        var firstRecord: Int64
    }

    private struct Opened {
        var path: String
        var file: any LogFile
        var header: SegmentHeader
    }

    func run() throws(StreamsError) -> Result {
        let files = environment.files
        try files.createDirectory(directory)
        var found = try files.list(directory).compactMap { name in
            SegmentHeader.firstRecord(ofFileNamed: name).map {
                Found(path: "\(directory)/\(name)", firstRecord: $0)
            }
        }
        found.sort { $0.firstRecord < $1.firstRecord }
        let expectedEnd = try removeUnbornSegment(&found)
        var marks = try MarkStore(
            directory: directory, streamID: streamID, environment: environment
        ).load()
        guard !found.isEmpty else {
            var writer = SegmentWriter(directory: directory, streamID: streamID, environment: environment)
            let header = try writer.createSegment(firstRecord: 0, firstEvent: 0)
            guard let file = writer.file else { throw damage(directory, at: 0, "no segment was created") }
            return Result(segments: [LogSegment(header: header)], active: file, tornTail: nil, marks: marks)
        }
        // Two files are open at once, however many there are.
        var current = try opened(found[0])
        var segments: [LogSegment] = []
        for segment in found.dropFirst() {
            let next = try opened(segment)
            segments.append(try sealedSegment(current, next: next.header, &marks))
            current = next
        }
        let (segment, tornTail) = try lastSegment(current, expectedEnd: expectedEnd, &marks)
        guard marks.end <= segment.endRecord else {
            throw damage(
                current.path, at: segment.byteCount, "the log ends before what its index of requests covers")
        }
        if !environment.planted.has(.logOpenNotSynced) {
            try current.file.sync()
            try files.syncDirectory(directory)
        }
        return Result(
            segments: segments + [segment], active: current.file, tornTail: tornTail, marks: marks)
    }

    /// Adds the marks that a scan found behind the checkpoint's end.
    private func learn(_ marked: [MarkedRecord], _ marks: inout MarkFile) {
        if environment.planted.has(.logMarksNotLearned) { return }
        marks.marked += marked.filter { $0.record >= marks.end }
    }

    /// A crash while a segment was created leaves a file without a whole header. It never held a record; what its
    /// name says is where the segment before it ends.
    private func removeUnbornSegment(_ found: inout [Found]) throws(StreamsError) -> Int64? {
        guard let last = found.last else { return nil }
        let file = try open(last)
        // A header whose sync failed before the process ended may be in the cache, and nowhere else.
        file.dropCache()
        let size = try file.size()
        let bytes = try file.read(at: 0, count: SegmentHeader.byteCount)
        guard SegmentHeader.read(bytes.span) == .damaged, size <= SegmentHeader.byteCount,
            found.count > 1 || last.firstRecord == 0
        else { return nil }
        try environment.files.remove(last.path)
        try environment.files.syncDirectory(directory)
        found.removeLast()
        return last.firstRecord
    }

    private func opened(_ segment: Found) throws(StreamsError) -> Opened {
        let file = try open(segment)
        file.dropCache()
        return Opened(path: segment.path, file: file, header: try header(of: file, segment))
    }

    private func open(_ segment: Found) throws(StreamsError) -> any LogFile {
        guard let file = try environment.files.open(segment.path) else {
            throw damage(segment.path, at: 0, "the segment file vanished")
        }
        return file
    }

    private func header(of file: any LogFile, _ segment: Found) throws(StreamsError) -> SegmentHeader {
        let bytes = try file.read(at: 0, count: SegmentHeader.byteCount)
        switch SegmentHeader.read(bytes.span) {
        case .header(let header):
            guard header.streamID == streamID, header.firstRecord == segment.firstRecord else {
                throw damage(segment.path, at: 0, "the segment belongs elsewhere")
            }
            return header
        case .newerVersion(let version):
            throw StreamsError(
                .newerVersion, "a newer build wrote the log",
                [serverFile: segment.path, "version": version, "known": SegmentHeader.version])
        case .damaged: throw damage(segment.path, at: 0, "the segment's header is damaged")
        }
    }

    private func sealedSegment(
        _ opened: Opened, next: SegmentHeader, _ marks: inout MarkFile
    ) throws(StreamsError) -> LogSegment {
        let (file, header) = (opened.file, opened.header)
        guard header.firstRecord < next.firstRecord, header.firstEvent <= next.firstEvent else {
            throw damage(opened.path, at: 0, "the segments do not follow each other")
        }
        // A segment behind the checkpoint is read for its marks.
        guard verifiesAll || next.firstRecord > marks.end else {
            var segment = LogSegment(header: header)
            segment.endRecord = next.firstRecord
            segment.endEvent = next.firstEvent
            segment.byteCount = try file.size()
            segment.marks = nil
            return segment
        }
        file.dropCache()
        let scan = try SegmentScan.run(file, header: header)
        if let fault = scan.fault { throw damage(opened.path, at: fault.position, fault.reason) }
        guard scan.segment.endRecord == next.firstRecord, scan.segment.endEvent == next.firstEvent else {
            throw damage(opened.path, at: scan.segment.byteCount, "records are missing at the segment's end")
        }
        learn(scan.marked, &marks)
        return scan.segment
    }

    private func lastSegment(
        _ opened: Opened, expectedEnd: Int64?, _ marks: inout MarkFile
    ) throws(StreamsError) -> (LogSegment, SegmentScan.Fault?) {
        let (file, path) = (opened.file, opened.path)
        file.dropCache()
        let checksBodies = !environment.planted.has(.logNoChecksumCheck)
        let scan = try SegmentScan.run(file, header: opened.header, checksBodies: checksBodies)
        if let expectedEnd, scan.fault != nil || scan.segment.endRecord != expectedEnd {
            throw damage(
                path, at: scan.fault?.position ?? scan.segment.byteCount,
                scan.fault?.reason ?? "records are missing at the segment's end")
        }
        if let fault = scan.fault, fault.isDamage || scan.segment.endRecord < landedRecord {
            throw damage(path, at: fault.position, fault.reason)
        }
        learn(scan.marked, &marks)
        guard let fault = scan.fault else { return (scan.segment, nil) }
        try file.truncate(to: fault.position)
        return (scan.segment, fault)
    }

    private func damage(_ path: String, at position: Int, _ reason: String) -> StreamsError {
        StreamsError(
            .corrupt, "the stream's log is damaged",
            [serverFile: path, "position": position, "reason": reason],
            hint: "restore the file from a copy; nothing was changed")
    }
}
