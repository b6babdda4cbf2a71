/// Some records in a row, as read from the log.
package struct LogSlice: Sendable {
    package var records: [LogRecord]
    /// Where to read on: behind the last record here.
    package var next: LogOffset
    /// The durable end of the log when this was read.
    package var end: LogOffset

    package var isAtEnd: Bool { next >= end }
}

/// What a log holds at one moment.
package struct LogStatus: Sendable {
    /// The oldest record kept.
    package var oldest: LogOffset
    /// Behind the last durable record.
    package var end: LogOffset
    /// How many events came before the oldest record kept.
    package var oldestEvent: Int64
    /// How many events the stream ever accepted.
    package var acceptedEvents: Int64
    package var byteCount: Int
    package var unlandedBytes: Int
    package var segmentCount: Int
    /// Why the log takes nothing, when it does not.
    package var failure: StreamsError?
}
