package import Effects
import JSONText
import Telemetry

/// What a statement of a pipeline has been doing: where it stands in time, and what it wrote.
package struct StatementActivity: Sendable, Equatable {
    /// Whole seconds since the oldest event that has not landed was received; zero without one, nil when unknown.
    package var lagSeconds: Int64? = 0
    package var lastCommitAt: Instant?
    /// Nil before the first commit of this process.
    package var lastCommitNanoseconds: Int64?
    package var work = StatementWork()

    package init() {}

    init(_ progress: PipelineProgress, _ metrics: PipelineMetrics) {
        lastCommitAt = progress.committedAt
        let nanoseconds = metrics.lastCommitNanoseconds.current
        if nanoseconds > 0 { lastCommitNanoseconds = nanoseconds }
        work = progress.work
        work.retries += metrics.retries.current
    }

    var json: JSONObject {
        [
            "lag_seconds": lagSeconds.map { .integer($0) } ?? .null,
            "last_commit_at": JSONValue(lastCommitAt?.rfc3339),
            "last_commit_milliseconds": lastCommitNanoseconds.map { .integer($0 / 1_000_000) } ?? .null,
            "commits": .integer(work.commits), "retries": .integer(work.retries),
            "files": .integer(work.files), "bytes_out": .integer(work.bytesOut),
            "since": JSONValue(work.since?.rfc3339),
        ]
    }
}
