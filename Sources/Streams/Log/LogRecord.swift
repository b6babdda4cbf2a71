package import Effects
package import FileFormats
import Octets

/// One request that wants to become a record: its whole body, already known to be well-formed.
package struct LogAppend: Sendable, Equatable {
    package var body: [UInt8]
    package var eventCount: Int
    package var framing: EventFraming
    /// True when the client sent it compressed; `body` is what was inside.
    package var wasCompressed: Bool
    package var receivedAt: Instant
    /// For producers that send twice.
    package var mark: RequestMark?

    package init(
        body: [UInt8], eventCount: Int, framing: EventFraming, receivedAt: Instant,
        wasCompressed: Bool = false, mark: RequestMark? = nil
    ) {
        self.body = body
        self.eventCount = eventCount
        self.framing = framing
        self.receivedAt = receivedAt
        self.wasCompressed = wasCompressed
        self.mark = mark
    }

    /// CRC-32C of the body; computed at each call.
    package var bodyChecksum: UInt32 { Self.checksum(of: body) }

    /// What a record's header says of its body.
    package static func checksum(of body: [UInt8]) -> UInt32 { CRC32C.checksum(body.span) }
}

/// One accepted request as the log keeps it.
package struct LogRecord: Sendable, Equatable {
    package var number: Int64
    /// How many events the stream accepted before this record; counts from the stream's creation.
    package var firstEvent: Int64
    package var append: LogAppend

    package init(number: Int64, firstEvent: Int64, append: LogAppend) {
        self.number = number
        self.firstEvent = firstEvent
        self.append = append
    }

    /// What it takes in the log.
    package var byteCount: Int { RecordHeader.byteCount + append.body.count }
    package var nextOffset: LogOffset { LogOffset(record: number + 1) }
    package var endEvent: Int64 { firstEvent + Int64(append.eventCount) }
}
