import Effects
import Synchronization
import Telemetry

/// What a statement of a pipeline has done since the process began; `StatementSeries` shows it.
struct PipelineMetrics: Sendable {
    let commits = Counter()
    let commitTime = Histogram()
    let lastCommitNanoseconds = Gauge()
    /// Times it began again after an error.
    let retries = Counter()
    /// Of rows and of rejects.
    let files = Counter()
    let bytes = Counter()

    func record(nanoseconds: Int64) {
        commits.add()
        commitTime.record(nanoseconds: nanoseconds)
        lastCommitNanoseconds.set(nanoseconds)
    }

    /// Files of a commit that took place.
    func record(fileSizes: [Int64]) {
        files.add(Int64(fileSizes.count))
        bytes.add(fileSizes.reduce(0, +))
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
