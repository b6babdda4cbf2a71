/// A place in a stream: a record, and an event in it. As progress it names the first event not yet landed.
package struct LogOffset: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Counts accepted requests of this stream from zero, without gaps.
    package var record: Int64
    /// Counts events in the record from zero.
    package var event: Int

    package init(record: Int64, event: Int = 0) {
        self.record = record
        self.event = event
    }

    package static let start = LogOffset(record: 0)

    package static func < (left: LogOffset, right: LogOffset) -> Bool {
        (left.record, left.event) < (right.record, right.event)
    }

    /// `12:0`
    package var description: String { "\(record):\(event)" }
}
