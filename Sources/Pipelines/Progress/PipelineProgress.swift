package import Effects
package import Streams

/// How far a pipeline has come from its stream into its sink's table; one row of the Metastore.
///
/// It moves only in the transaction that moves the table's pointer, and only from the value its owner read.
package struct PipelineProgress: Sendable, Equatable {
    package let pipelineID: UniqueID
    package let sinkID: UniqueID
    package let streamID: UniqueID
    /// The table it writes to; nil before the first commit.
    package var tableUUID: String?
    /// The first event not yet landed.
    package var next: LogOffset
    /// Grows by one with each process that takes the pipeline over.
    package var ownerEpoch: Int64
    /// Of the last commit; what an unknown outcome is resolved by.
    package var commitID: UniqueID?
    /// Events of the stream before the pipeline's first.
    package var startEvent: Int64
    /// Events of the stream before `next`.
    package var landedEvent: Int64
    package var counts: PipelineCounts

    /// Every landed event passed, was filtered, or was rejected.
    package var isBalanced: Bool { counts.events == landedEvent - startEvent }
}

/// What became of the events that landed. Each event is counted once.
package struct PipelineCounts: Sendable, Equatable {
    package var passed: Int64 = 0
    package var filtered: Int64 = 0
    package var rejected: Int64 = 0
    /// Rows written to the sink; more than passed events once a pipeline makes several rows of one.
    package var sinkRows: Int64 = 0
    /// Members of events that the stream's schema does not name.
    package var unknownFields: Int64 = 0

    package init() {}

    package var events: Int64 { passed + filtered + rejected }

    package static func += (left: inout PipelineCounts, right: PipelineCounts) {
        left.passed += right.passed
        left.filtered += right.filtered
        left.rejected += right.rejected
        left.sinkRows += right.sinkRows
        left.unknownFields += right.unknownFields
    }
}

/// What a pipeline shows of itself: accepted = passed + filtered + rejected + pending, always.
package struct PipelineStats: Sendable, Equatable {
    /// Events the stream made durable since the pipeline's first.
    package var accepted: Int64
    package var pending: Int64
    package var counts: PipelineCounts
    package var next: LogOffset

    package init(progress: PipelineProgress, acceptedEvents: Int64) {
        accepted = acceptedEvents - progress.startEvent
        pending = acceptedEvents - progress.landedEvent
        counts = progress.counts
        next = progress.next
    }
}
