package import Effects
package import Streams

/// How far a statement of a pipeline has come from its stream into its sink's table; one row of the Metastore.
///
/// It moves only in the transaction that moves the table's pointer, and only from the value its owner read.
package struct PipelineProgress: Sendable, Equatable {
    package let key: ProgressKey
    /// The table it writes to; nil before the first commit.
    package var tableUUID: String?
    /// The first event not yet landed.
    package var next: LogOffset
    /// Grows by one with each process that takes the statement over.
    package var ownerEpoch: Int64
    /// Of the last commit; what an unknown outcome is resolved by.
    package var commitID: UniqueID?
    /// Events of the stream before the statement's first.
    package var startEvent: Int64
    /// Events of the stream before `next`.
    package var landedEvent: Int64
    package var counts: PipelineCounts
    /// What the statement's rejects name: a reset begins another run. Nil until somebody owns it.
    package var run: UniqueID?
    package var work = StatementWork()
    /// When it last moved; nil before the first commit.
    package var committedAt: Instant?
    /// Why it stopped for good; nil while it runs or may run.
    package var failure: String?

    /// Nothing has landed; `startEvent` events of the stream came before `next`.
    package init(key: ProgressKey, next: LogOffset, startEvent: Int64) {
        self.key = key
        self.next = next
        self.startEvent = startEvent
        ownerEpoch = 0
        landedEvent = startEvent
        counts = PipelineCounts()
    }

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

    package static func - (left: PipelineCounts, right: PipelineCounts) -> PipelineCounts {
        var left = left
        left.passed -= right.passed
        left.filtered -= right.filtered
        left.rejected -= right.rejected
        left.sinkRows -= right.sinkRows
        left.unknownFields -= right.unknownFields
        return left
    }
}
