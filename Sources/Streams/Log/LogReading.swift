import Faults
import Octets

/// Reads records of one segment file into memory and checks them.
///
/// - Cost: one read of about `maxBytes`, or of one record if that is larger; up to one mark's distance is skipped.
struct LogReading {
    var file: any LogFile
    var path: String
    var segment: LogSegment
    /// A known beginning of a record at or before the first one wanted; the segment's own when nil.
    var start: LogMark?
    var checksBodies = true

    /// Records from `record` on, at least one, until `maxBytes` are reached.
    func records(from record: Int64, maxBytes: Int) throws(StreamsError) -> [LogRecord] {
        precondition(record >= segment.firstRecord && record < segment.endRecord)
        let start = start ?? segment.mark(before: record)
        precondition(start.record <= record)
        var position = start.position
        var expected = start.record
        let room = maxBytes + (record > expected ? LogSegment.markSpacingBytes : 0)
        var window = try read(at: position, count: max(room, RecordHeader.byteCount))
        var windowStart = position
        var records: [LogRecord] = []
        while expected < segment.endRecord {
            guard window.count - (position - windowStart) >= RecordHeader.byteCount else {
                if !records.isEmpty { return records }
                window = try read(at: position, count: max(maxBytes, RecordHeader.byteCount))
                windowStart = position
                if window.count < RecordHeader.byteCount {
                    throw damage(at: position, "the file is too short")
                }
                continue
            }
            guard let header = RecordHeader(window.span, at: position - windowStart),
                header.number == expected
            else {
                throw damage(at: position, "a record's header is damaged")
            }
            let total = RecordHeader.byteCount + header.bodyLength
            if expected >= record {
                if position - windowStart + total > window.count {
                    if !records.isEmpty { return records }
                    window = try read(at: position, count: max(total, maxBytes))
                    windowStart = position
                    if window.count < total { throw damage(at: position, "the file is too short") }
                }
                records.append(try self.record(header, in: window, at: position, windowStart: windowStart))
            } else if position - windowStart + total > window.count {
                windowStart = position + total
                window = try read(at: windowStart, count: max(maxBytes, RecordHeader.byteCount))
            }
            position += total
            expected += 1
        }
        return records
    }

    /// Looks at headers alone.
    func header(of record: Int64) throws(StreamsError) -> RecordHeader {
        precondition(record >= segment.firstRecord && record < segment.endRecord)
        let start = start ?? segment.mark(before: record)
        var (position, expected) = (start.position, start.record)
        var (window, windowStart): ([UInt8], Int) = ([], position)
        while true {
            if position - windowStart + RecordHeader.byteCount > window.count {
                window = try read(at: position, count: LogSegment.markSpacingBytes)
                windowStart = position
            }
            guard let header = RecordHeader(window.span, at: position - windowStart),
                header.number == expected
            else { throw damage(at: position, "a record's header is damaged") }
            if expected == record { return header }
            position += RecordHeader.byteCount + header.bodyLength
            expected += 1
        }
    }

    private func record(
        _ header: RecordHeader, in window: [UInt8], at position: Int, windowStart: Int
    ) throws(StreamsError) -> LogRecord {
        let start = position - windowStart + RecordHeader.byteCount
        let range = start..<start + header.bodyLength
        guard !checksBodies || CRC32C.checksum(window.span.extracting(range)) == header.bodyChecksum else {
            throw damage(at: position, "a record's body does not match its checksum")
        }
        return header.record(body: Array(window[range]))
    }

    /// Never past the durable end: bytes behind it may still change.
    private func read(at position: Int, count: Int) throws(StreamsError) -> [UInt8] {
        let room = min(count, segment.byteCount - position)
        guard room > 0 else { throw damage(at: position, "the file is too short") }
        return try file.read(at: position, count: room)
    }

    private func damage(at position: Int, _ reason: String) -> StreamsError {
        StreamsError(
            .corrupt, "the stream's log is damaged",
            [serverFile: path, "position": position, "reason": reason])
    }
}
