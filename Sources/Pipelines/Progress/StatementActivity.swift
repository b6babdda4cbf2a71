package import Effects
import JSONText
import Telemetry

/// What a statement of a pipeline has been doing: where it stands in time, and what it wrote since the process began.
package struct StatementActivity: Sendable, Equatable {
    /// Whole seconds since the oldest event that has not landed was received; zero without one, nil when unknown.
    package var lagSeconds: Int64? = 0
    package var lastCommitAt: Instant?
    /// Nil before the first commit of this process.
    package var lastCommitNanoseconds: Int64?
    package var commits: Int64 = 0
    package var retries: Int64 = 0
    package var files: Int64 = 0
    package var bytesOut: Int64 = 0
    /// When `commits`, `retries`, `files` and `bytesOut` were zero.
    package var since: Instant?

    package init() {}

    init(_ metrics: PipelineMetrics, committedAt: Instant?, since: Instant) {
        lastCommitAt = committedAt
        commits = metrics.commits.current
        if commits > 0 { lastCommitNanoseconds = metrics.lastCommitNanoseconds.current }
        retries = metrics.retries.current
        files = metrics.files.current
        bytesOut = metrics.bytes.current
        self.since = since
    }

    var json: JSONObject {
        [
            "lag_seconds": lagSeconds.map { .integer($0) } ?? .null,
            "last_commit_at": JSONValue(lastCommitAt?.rfc3339),
            "last_commit_milliseconds": lastCommitNanoseconds.map { .integer($0 / 1_000_000) } ?? .null,
            "commits": .integer(commits), "retries": .integer(retries), "files": .integer(files),
            "bytes_out": .integer(bytesOut), "since": JSONValue(since?.rfc3339),
        ]
    }
}
