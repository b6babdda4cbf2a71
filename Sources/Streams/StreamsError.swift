package import Faults

/// Why a stream did not take, keep or give events.
package struct StreamsError: Fault {
    package enum Code: String, FaultCode {
        case streamNotFound = "STR-101"
        case nameTaken = "STR-102"
        /// A stream's name is `[A-Za-z0-9_]+`, at most 128 bytes.
        case invalidName = "STR-103"
        case invalidDefinition = "STR-104"
        /// A pipeline reads the stream.
        case streamInUse = "STR-105"
        /// Another request was sent with this idempotency key or sequence number.
        case keyReused = "STR-106"
        /// Requests of the producer before this one did not come.
        case sequenceGap = "STR-107"
        /// Producers outran the pipelines by more than the backlog limit. Wait.
        case backlogFull = "STR-201"
        /// More bytes wait for the log's writer than its queue may hold. Wait.
        case queueFull = "STR-202"
        case recordTooLarge = "STR-203"
        /// As many keys and producers are remembered as may be. Wait, or count requests: a producer is one, however
        /// many it sends.
        case marksFull = "STR-204"
        /// The producer's request before this one is still being kept. Wait for its answer.
        case sequencePending = "STR-205"
        /// The stream has a limit a second, and has taken as much. Wait as long as the answer says.
        case rateExceeded = "STR-206"
        /// The disk is full, or has no more than is kept for landing. Wait, or make room.
        case noSpace = "STR-301"
        /// A write or a sync failed earlier; the log answers nothing until it is opened again and verified.
        case poisoned = "STR-302"
        case inputOutputFailed = "STR-303"
        case closed = "STR-304"
        /// The write or its sync failed: the record may be there after a restart, once, or not at all.
        case outcomeUnknown = "STR-305"
        /// The node's lease may be over, or its process was replaced: nothing is taken until it is certain again. Wait.
        case notOwned = "STR-306"
        /// The stream is on another node, which cannot be asked for this.
        case onAnotherNode = "STR-307"
        /// Bytes that were durable are not what was written.
        case corrupt = "STR-401"
        /// The offset lies before the oldest record that is kept.
        case offsetTrimmed = "STR-402"
        /// The offset lies behind the end of the log: the log lost records, or belongs to another stream.
        case offsetBeyondEnd = "STR-403"
        /// A newer build wrote the file.
        case newerVersion = "STR-404"

        package var kind: FaultKind {
            switch self {
            case .streamNotFound, .offsetTrimmed: .notFound
            case .nameTaken, .streamInUse, .sequenceGap, .onAnotherNode: .conflict
            case .invalidName, .invalidDefinition, .recordTooLarge, .keyReused: .invalidRequest
            case .backlogFull, .queueFull, .marksFull, .sequencePending, .rateExceeded: .exhausted
            case .noSpace, .poisoned, .inputOutputFailed, .closed, .notOwned: .unavailable
            case .outcomeUnknown: .outcomeUnknown
            case .corrupt, .offsetBeyondEnd: .corruptData
            case .newerVersion: .unsupported
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let hint: String?
    package let cause: (any Error)?
    package let retryAfterSeconds: Int?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        hint: String? = nil, cause: (any Error)? = nil, retryAfterSeconds: Int? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.hint = hint
        self.cause = cause
        self.retryAfterSeconds = retryAfterSeconds
    }
}
