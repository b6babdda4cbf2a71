package import JSONText
import Streams

extension PipelineStats {
    /// `{"accepted":3,"passed":1,"filtered":1,"rejected":1,"pending":0,…}`
    package var json: JSONValue {
        [
            "accepted": .integer(accepted), "passed": .integer(counts.passed),
            "filtered": .integer(counts.filtered),
            "rejected": .integer(counts.rejected), "pending": .integer(pending),
            "sink_rows": .integer(counts.sinkRows), "unknown_fields": .integer(counts.unknownFields),
            "offset": .string(next.description),
        ]
    }
}
