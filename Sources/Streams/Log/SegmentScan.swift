import Octets

/// Walks the records of a segment file and checks each one.
///
/// - Cost: one pass, 1 MiB a read, or a record's size if that is larger.
struct SegmentScan {
    /// The records up to the first fault, or all.
    var segment: LogSegment
    /// Those of the records that have a mark.
    var marked: [MarkedRecord] = []
    /// Why the walk ended before the end of the file.
    var fault: Fault?

    struct Fault: Equatable {
        var position: Int
        var reason: String
        /// True when a record of a later group is whole: then the bytes at `position` were durable once.
        var isDamage: Bool
    }

    private static let windowBytes = 1 << 20

    static func run(
        _ file: any LogFile, header: SegmentHeader, checksBodies: Bool = true
    ) throws(StreamsError) -> SegmentScan {
        let size = try file.size()
        var scan = SegmentScan(segment: LogSegment(header: header))
        var window: [UInt8] = []
        var windowStart = 0
        while scan.segment.byteCount < size {
            let position = scan.segment.byteCount
            // The window grows to hold the whole record when it is larger.
            var needed = RecordHeader.byteCount
            var reason = "a record header is cut off or damaged"
            var isWhole = false
            while true {
                if position - windowStart + needed > window.count || position < windowStart {
                    windowStart = position
                    window = try file.read(
                        at: position, count: min(max(windowBytes, needed), size - position))
                }
                guard position - windowStart + needed <= window.count,
                    let record = RecordHeader(window.span, at: position - windowStart)
                else { break }
                guard record.number == scan.segment.endRecord, record.firstEvent == scan.segment.endEvent
                else {
                    reason = "a record has the wrong number"
                    break
                }
                let total = RecordHeader.byteCount + record.bodyLength
                guard position + total <= size else {
                    reason = "a record's body is cut off"
                    break
                }
                if needed < total {
                    needed = total
                    continue
                }
                let bodyStart = position - windowStart + RecordHeader.byteCount
                let body = window.span.extracting(bodyStart..<bodyStart + record.bodyLength)
                guard !checksBodies || CRC32C.checksum(body) == record.bodyChecksum else {
                    reason = "a record's body does not match its checksum"
                    break
                }
                if let marked = record.marked { scan.marked.append(marked) }
                scan.segment.extend(byteCount: total, eventCount: record.eventCount)
                isWhole = true
                break
            }
            if !isWhole {
                let later = try laterGroupExists(in: file, after: position, size: size)
                scan.fault = Fault(position: position, reason: reason, isDamage: later)
                return scan
            }
        }
        return scan
    }

    /// True when a whole record header behind `position` belongs to a group that began behind `position`.
    ///
    /// Bodies cannot fake one: they are well-formed JSON, which has no zero byte, and a header has.
    private static func laterGroupExists(
        in file: any LogFile, after position: Int, size: Int
    ) throws(StreamsError) -> Bool {
        var start = position + 1
        while start + RecordHeader.byteCount <= size {
            let window = try file.read(at: start, count: min(windowBytes, size - start))
            guard window.count >= RecordHeader.byteCount else { return false }
            let bytes = window.span
            let first = UInt8(truncatingIfNeeded: RecordHeader.magic)
            for index in 0...(bytes.count - RecordHeader.byteCount) where bytes[index] == first {
                if let header = RecordHeader(bytes, at: index), header.groupStart > position,
                    header.groupStart <= start + index
                {
                    return true
                }
            }
            start += bytes.count - RecordHeader.byteCount + 1
        }
        return false
    }
}
