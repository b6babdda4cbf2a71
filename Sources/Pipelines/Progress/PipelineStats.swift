package import JSONText
package import Streams

/// What a statement of a pipeline shows of itself: accepted = passed + filtered + rejected + pending, always.
package struct StatementStats: Sendable, Equatable {
    package var stream: String
    package var sink: String
    /// Events the stream made durable since the statement's first.
    package var accepted: Int64
    package var pending: Int64
    package var counts: PipelineCounts
    package var next: LogOffset
    package var failure: String?
    package var activity = StatementActivity()

    package init(progress: PipelineProgress, acceptedEvents: Int64, stream: String, sink: String) {
        self.stream = stream
        self.sink = sink
        accepted = acceptedEvents - progress.startEvent
        pending = acceptedEvents - progress.landedEvent
        counts = progress.counts
        next = progress.next
        failure = progress.failure
    }
}

/// What a pipeline shows of itself: its statements, and their sums.
///
/// Each statement sees every event of its stream and counts it once, so the sums of a pipeline with several
/// statements count an event once for each; the identity holds for the sums as it does for each part.
package struct PipelineStats: Sendable, Equatable {
    package var statements: [StatementStats]

    package var accepted: Int64 { statements.reduce(0) { $0 + $1.accepted } }
    package var pending: Int64 { statements.reduce(0) { $0 + $1.pending } }
    package var counts: PipelineCounts { statements.reduce(into: PipelineCounts()) { $0 += $1.counts } }

    /// `{"accepted":3,"passed":1,"filtered":1,"rejected":1,"pending":0,…,"statements":[…]}`
    package var json: JSONValue {
        var object = Self.json(accepted: accepted, pending: pending, counts)
        // Several statements are at several places.
        if statements.count == 1 { object["offset"] = .string(statements[0].next.description) }
        object["statements"] = .array(
            statements.map { part in
                var object: JSONObject = ["stream": .string(part.stream), "sink": .string(part.sink)]
                for (name, value) in Self.json(accepted: part.accepted, pending: part.pending, part.counts)
                    .members
                {
                    object[name] = value
                }
                object["offset"] = .string(part.next.description)
                for (name, value) in part.activity.json.members { object[name] = value }
                object["lag_events"] = .integer(part.pending)
                object["failure"] = JSONValue(part.failure)
                return .object(object)
            })
        return .object(object)
    }

    private static func json(accepted: Int64, pending: Int64, _ counts: PipelineCounts) -> JSONObject {
        [
            "accepted": .integer(accepted), "passed": .integer(counts.passed),
            "filtered": .integer(counts.filtered),
            "rejected": .integer(counts.rejected), "pending": .integer(pending),
            "sink_rows": .integer(counts.sinkRows), "unknown_fields": .integer(counts.unknownFields),
        ]
    }
}
