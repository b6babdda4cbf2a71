import FileFormats
import Streams

extension LogRecord {
    /// The record without its first events, which its numbers of events then lack.
    ///
    /// - Errors: `FMT-102`.
    /// - Cost: the record is parsed, to see where its events lie.
    func tail(skipping skipped: Int, _ parser: EventParser) throws -> LogRecord {
        var texts: [(index: Int, text: ArraySlice<UInt8>)] = []
        try parser.start(append.body, framing: append.framing)
        var isEnd = false
        while !isEnd {
            let part = try parser.next()
            isEnd = part.isEnd
            texts += part.places.filter { $0.index >= skipped }.map { ($0.index, append.body[$0.span]) }
            texts += part.misfits.filter { $0.index >= skipped }.map { ($0.index, Array($0.raw.utf8)[...]) }
        }
        texts.sort { $0.index < $1.index }
        var tail = self
        tail.firstEvent += Int64(skipped)
        tail.append.body =
            [UInt8(ascii: "[")] + texts.map(\.text).joined(separator: [UInt8(ascii: ",")])
            + [UInt8(ascii: "]")]
        tail.append.framing = .array
        tail.append.eventCount = texts.count
        return tail
    }
}
