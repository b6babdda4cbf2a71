import Columnar
import FileFormats
import Streams

/// The bodies of one record, or of small ones in a row joined by line breaks, as one text for the parser.
///
///     records   {"id":1}   {"id":2}⏎{"id":3}
///     text      {"id":1}⏎{"id":2}⏎{"id":3}
///
/// A parse and a batch of its own would cost a record of one event many times what its event does.
struct RecordText: Sendable {
    /// Longer bodies stand alone: for them it is nothing.
    private static let smallBytes = 16 << 10
    private static let joinedBytes = 256 << 10

    /// A record's part of the text.
    private struct Part {
        var recordIndex: Int
        /// Events and bytes of the text before it.
        var firstEvent: Int
        var start: Int
        var eventCount: Int
        var byteCount: Int
    }

    let body: [UInt8]
    let framing: EventFraming
    private var parts: [Part] = []

    /// From the record at `index` on, as many as belong together.
    init(_ records: [LogRecord], at index: Int) {
        let end = Self.end(records, from: index)
        let first = records[index].append
        if end == index + 1 {
            body = first.body
            framing = first.framing
        } else {
            let chosen = records[index..<end]
            var joined: [UInt8] = []
            joined.reserveCapacity(chosen.reduce(0) { $0 + $1.append.body.count + 1 })
            for record in chosen {
                if !joined.isEmpty { joined.append(UInt8(ascii: "\n")) }
                joined += record.append.body
            }
            body = joined
            framing = .lines
        }
        var (firstEvent, start) = (0, 0)
        parts.reserveCapacity(end - index)
        for recordIndex in index..<end {
            let append = records[recordIndex].append
            parts.append(
                Part(
                    recordIndex: recordIndex, firstEvent: firstEvent, start: start,
                    eventCount: append.eventCount, byteCount: append.body.count))
            firstEvent += append.eventCount
            start += append.body.count + 1
        }
    }

    private static func end(_ records: [LogRecord], from index: Int) -> Int {
        guard isSmall(records[index]) else { return index + 1 }
        var end = index + 1
        var bytes = records[index].append.body.count
        while end < records.count, isSmall(records[end]) {
            bytes += 1 + records[end].append.body.count
            guard bytes <= joinedBytes else { break }
            end += 1
        }
        return end
    }

    /// What may stand as lines among others.
    private static func isSmall(_ record: LogRecord) -> Bool {
        record.append.framing != .array && record.append.body.count <= smallBytes
    }

    /// The most bytes that the records, of which `largest` is the longest, are parsed at once.
    static func bytes(ofAll bytes: Int, largest: Int) -> Int { max(largest, min(bytes, joinedBytes)) }

    var recordIndexes: Range<Int> {
        parts[0].recordIndex..<parts[parts.count - 1].recordIndex + 1
    }

    var eventCount: Int { parts[parts.count - 1].firstEvent + parts[parts.count - 1].eventCount }

    /// The record of an event of the text, and its number there; nil when there are fewer.
    func record(ofEvent index: Int) -> (recordIndex: Int, event: Int)? {
        guard (0..<eventCount).contains(index) else { return nil }
        var (low, high) = (0, parts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if parts[middle].firstEvent <= index { low = middle } else { high = middle }
        }
        // Records without events have the number of the one behind them.
        return (parts[low].recordIndex, index - parts[low].firstEvent)
    }

    /// Which records some rows in a row came from, and their places there; nil when they are not where they should be.
    func origins(of places: [EventPlace]) -> (origins: [RecordOrigin], places: [EventPlace])? {
        if parts.count == 1 {
            return ([RecordOrigin(recordIndex: parts[0].recordIndex, rowCount: places.count)], places)
        }
        var origins: [RecordOrigin] = []
        var moved: [EventPlace] = []
        moved.reserveCapacity(places.count)
        var next = 0
        for place in places {
            while next < parts.count, parts[next].firstEvent + parts[next].eventCount <= place.index {
                next += 1
            }
            guard next < parts.count else { return nil }
            let part = parts[next]
            guard place.start >= part.start, place.end <= part.start + part.byteCount else { return nil }
            var own = place
            own.index -= part.firstEvent
            own.start -= part.start
            own.end -= part.start
            moved.append(own)
            if origins.last?.recordIndex == part.recordIndex {
                origins[origins.count - 1].rowCount += 1
            } else {
                origins.append(RecordOrigin(recordIndex: part.recordIndex, rowCount: 1))
            }
        }
        return (origins, moved)
    }
}

/// Where rows come from that follow each other.
struct RecordOrigin: Sendable {
    var recordIndex: Int
    var rowCount: Int
}
