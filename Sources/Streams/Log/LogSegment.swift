/// A position in a segment file where a record begins.
struct LogMark: Sendable, Equatable {
    var record: Int64
    var event: Int64
    var position: Int
}

/// What is known of one segment file without reading it.
struct LogSegment: Sendable, Equatable {
    /// One mark for about this many bytes; a read in the middle skips at most so much.
    static let markSpacingBytes = 64 << 10

    var firstRecord: Int64
    var firstEvent: Int64
    var endRecord: Int64
    var endEvent: Int64
    /// The durable bytes, header included.
    var byteCount: Int
    /// In rising order; nil for an older segment nobody has read since the log was opened.
    var marks: [LogMark]?

    var fileName: String { SegmentHeader.fileName(firstRecord: firstRecord) }

    init(header: SegmentHeader) {
        firstRecord = header.firstRecord
        firstEvent = header.firstEvent
        endRecord = header.firstRecord
        endEvent = header.firstEvent
        byteCount = SegmentHeader.byteCount
        marks = []
    }

    /// Notes a record that follows the last one.
    mutating func extend(byteCount added: Int, eventCount: Int) {
        if marks != nil,
            byteCount - (marks?.last?.position ?? -Self.markSpacingBytes) >= Self.markSpacingBytes
        {
            marks?.append(LogMark(record: endRecord, event: endEvent, position: byteCount))
        }
        endRecord += 1
        endEvent += Int64(eventCount)
        byteCount += added
    }

    /// The last known beginning at or before `record`.
    func mark(before record: Int64) -> LogMark {
        let start = LogMark(record: firstRecord, event: firstEvent, position: SegmentHeader.byteCount)
        guard let marks else { return start }
        var low = 0
        var high = marks.count
        while low < high {
            let middle = (low + high) / 2
            if marks[middle].record <= record { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? start : marks[low - 1]
    }
}

/// Where a reader begins.
struct LogPlace: Sendable {
    /// Without its marks.
    var segment: LogSegment
    /// A known beginning before the reader's first record; nil when nobody has looked at the segment yet.
    var start: LogMark?
}
