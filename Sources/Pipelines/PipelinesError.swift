package import Faults

/// Why a sink or a pipeline could not be made, or a pipeline stopped.
package struct PipelinesError: Fault {
    package enum Code: String, FaultCode {
        case pipelineNotFound = "PIP-101"
        case sinkNotFound = "PIP-102"
        case nameTaken = "PIP-103"
        /// A name is `[A-Za-z0-9_]+`, at most 128 bytes.
        case invalidName = "PIP-104"
        case invalidDefinition = "PIP-105"
        /// A pipeline writes to the sink.
        case sinkInUse = "PIP-106"
        /// The SQL is not made of statements `INSERT INTO sink SELECT … FROM stream [WHERE …]`.
        case unsupportedStatement = "PIP-107"
        case unsupportedSink = "PIP-108"
        case tooMany = "PIP-109"
        /// Somebody else changes the pipeline right now. Wait.
        case changing = "PIP-110"
        /// So many wait for the pipeline to land something already. Wait.
        case tooManyWaiting = "PIP-111"
        /// The pipeline's rejects are being replayed already. Wait.
        case replaying = "PIP-112"
        /// A change would leave events out that wait. Land them, or say `discard_pending`.
        case discardsEvents = "PIP-113"
        /// The sink's table exists and its columns do not take the pipeline's rows.
        case tableMismatch = "PIP-201"
        /// The sink's table was renamed, dropped or replaced since the pipeline last wrote to it.
        case tableReplaced = "PIP-202"
        /// Another process moved this pipeline's progress.
        case ownershipLost = "PIP-203"
        /// Somebody else kept changing the table.
        case commitContended = "PIP-204"
        /// The table of rejects was dropped or replaced while a commit was made; it is made again.
        case rejectsReplaced = "PIP-205"
        /// Somebody else took rejects away while they were replayed. Replay again: nothing lands twice.
        case rejectsChanged = "PIP-206"
        /// The store let go of a file's bytes between the commit that promised the file and the moment it was to appear.
        case fileLost = "PIP-207"
        /// Another object has the name of a file that is to appear. Move it away: the file appears then.
        case fileNameTaken = "PIP-208"
        /// The pipeline has stopped for good; the reason is the cause.
        case failed = "PIP-301"
        case stopped = "PIP-302"
        case paused = "PIP-303"
        /// The process ended, more than once, while it worked on one record; the pipeline stands before it.
        case poisonRecord = "PIP-304"
        /// The stored progress or definition does not decode, or the counters do not add up.
        case corrupt = "PIP-401"

        package var kind: FaultKind {
            switch self {
            case .pipelineNotFound, .sinkNotFound: .notFound
            case .nameTaken, .sinkInUse, .tableMismatch, .tableReplaced, .ownershipLost, .rejectsChanged,
                .failed,
                .changing, .replaying, .paused, .discardsEvents:
                .conflict
            case .invalidName, .invalidDefinition: .invalidRequest
            case .unsupportedStatement, .unsupportedSink: .invalidRequest
            case .tooMany, .tooManyWaiting: .exhausted
            case .commitContended, .rejectsReplaced, .fileNameTaken, .stopped: .unavailable
            case .corrupt, .fileLost: .corruptData
            case .poisonRecord: .bug
            }
        }
    }

    package let code: Code
    package let summary: String
    package let context: [(name: String, value: String)]
    package let place: FaultPlace?
    package let hint: String?
    package let cause: (any Error)?

    package init(
        _ code: Code, _ summary: String, _ context: KeyValuePairs<String, any Sendable> = [:],
        at place: FaultPlace? = nil, hint: String? = nil, cause: (any Error)? = nil
    ) {
        self.code = code
        self.summary = summary
        self.context = faultContext(context)
        self.place = place
        self.hint = hint
        self.cause = cause
    }
}
