package import Effects
package import FileFormats

/// One request that wants to become a record: its whole body, already known to be well-formed.
package struct LogAppend: Sendable, Equatable {
    package var body: [UInt8]
    package var eventCount: Int
    package var framing: EventFraming
    /// True when the client sent it compressed; `body` is what was inside.
    package var wasCompressed: Bool
    package var receivedAt: Instant
    /// 16 bytes that name the request, for producers that send twice; kept, not yet compared.
    package var dedupeKey: UniqueID?

    package init(
        body: [UInt8], eventCount: Int, framing: EventFraming, receivedAt: Instant,
        wasCompressed: Bool = false
    ) {
        self.body = body
        self.eventCount = eventCount
        self.framing = framing
        self.receivedAt = receivedAt
        self.wasCompressed = wasCompressed
    }
}

/// One accepted request as the log keeps it.
package struct LogRecord: Sendable, Equatable {
    package var number: Int64
    /// How many events the stream accepted before this record; counts from the stream's creation.
    package var firstEvent: Int64
    package var append: LogAppend

    package var nextOffset: LogOffset { LogOffset(record: number + 1) }
    package var endEvent: Int64 { firstEvent + Int64(append.eventCount) }
}
