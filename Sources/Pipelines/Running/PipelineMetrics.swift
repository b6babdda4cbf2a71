import Effects
import Synchronization
import Telemetry

/// What of a statement's work is not stored with its progress; `StatementSeries` shows both.
struct PipelineMetrics: Sendable {
    let commitTime = Histogram()
    /// Zero before the first.
    let lastCommitNanoseconds = Gauge()
    /// Times it began again after an error, since the last commit: that stores them.
    let retries = Gauge()

    func record(nanoseconds: Int64) {
        commitTime.record(nanoseconds: nanoseconds)
        lastCommitNanoseconds.set(max(1, nanoseconds))
    }
}

/// The metrics of each statement: a runner that begins anew counts on.
///
/// - Threads: any.
final class StatementMeters: Sendable {
    private let meters = Mutex<[ProgressKey: PipelineMetrics]>([:])

    func of(_ key: ProgressKey) -> PipelineMetrics {
        meters.withLock { meters in
            if let known = meters[key] { return known }
            let made = PipelineMetrics()
            meters[key] = made
            return made
        }
    }

    /// The statement is no more.
    func forget(_ key: ProgressKey) { meters.withLock { $0[key] = nil } }
}
