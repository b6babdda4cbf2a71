package import Effects

/// What a producer says of a request, so that sending it twice keeps it once.
///
/// The ids are hashes of what was sent, with a different prefix for each case: one never equals the other's.
package enum RequestMark: Sendable, Hashable {
    /// An idempotency key: the same key means the same request.
    case key(UniqueID)
    /// The n-th request of a producer; each is one more than the one before.
    case sequence(producer: UniqueID, number: Int64)

    package var id: UniqueID {
        switch self {
        case .key(let id), .sequence(let id, _): id
        }
    }

    /// Nil for a key.
    package var sequence: Int64? {
        if case .sequence(_, let number) = self { number } else { nil }
    }
}

/// What the log answers when a request is kept.
package struct LogReceipt: Sendable, Equatable {
    package var offset: LogOffset
    package var eventCount: Int
    /// The request was kept when it came the first time; now nothing was.
    package var isRepeat = false
    /// Of a repeat: the producer's last number that is kept; nil for a key.
    package var lastSequence: Int64? = nil
}

/// A record that has a mark, as far as a repeat needs it.
struct MarkedRecord: Sendable, Equatable {
    var mark: RequestMark
    /// The lowest number of the producer that was kept, from which there is no gap up to this one; nil for a key, and
    /// before `MarkIndex` has it.
    var firstNumber: Int64? = nil
    var record: Int64
    var eventCount: Int
    var bodyLength: Int
    var bodyChecksum: UInt32
    var receivedAt: Instant

    /// A repeat is known by its length and checksum; another body under the same mark is a producer's mistake.
    func isSame(_ append: LogAppend, _ checksum: UInt32) -> Bool {
        bodyLength == append.body.count && bodyChecksum == checksum && eventCount == append.eventCount
    }
}
