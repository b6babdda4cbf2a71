package import Effects

/// An event that became no row, with everything its producer needs to mend it; one row of the rejects table.
package struct RejectedEvent: Sendable, Equatable {
    /// The record of the stream's log.
    package var record: Int64
    /// The event's place in the record, from zero.
    package var index: Int
    package var receivedAt: Instant
    package var code: String
    package var path: String
    package var message: String
    package var raw: String

    package var byteCount: Int {
        code.utf8.count + path.utf8.count + message.utf8.count + raw.utf8.count + 64
    }
}
