import Streams
import Telemetry

/// The numbers a pipeline shows of itself.
struct PipelineMetrics: Sendable {
    private let commits: Counter
    private let commitTime: Histogram
    private let passed: Gauge
    private let filtered: Gauge
    private let rejected: Gauge
    private let landed: Gauge
    let retries: Counter

    init(registry: MetricsRegistry, pipeline: String, sink: String) {
        commits = registry.counter(
            "firn_pipeline_commits_total", ["pipeline": pipeline, "sink": sink], help: "Commits of a pipeline"
        )
        commitTime = registry.histogram(
            "firn_pipeline_commit_seconds", ["pipeline": pipeline, "sink": sink],
            help: "Time of a pipeline's commit")
        passed = registry.gauge(
            "firn_pipeline_passed_events", ["pipeline": pipeline, "sink": sink],
            help: "Events that became rows")
        filtered = registry.gauge(
            "firn_pipeline_filtered_events", ["pipeline": pipeline, "sink": sink], help: "Events filtered out"
        )
        rejected = registry.gauge(
            "firn_pipeline_rejected_events", ["pipeline": pipeline, "sink": sink], help: "Events rejected")
        landed = registry.gauge(
            "firn_pipeline_landed_record", ["pipeline": pipeline, "sink": sink],
            help: "The first record not landed")
        retries = registry.counter(
            "firn_pipeline_retries_total", ["pipeline": pipeline, "sink": sink],
            help: "Times a pipeline began again after an error")
    }

    func record(progress: PipelineProgress, nanoseconds: Int64) {
        commits.add()
        commitTime.record(nanoseconds: nanoseconds)
        show(progress.counts)
        landed.set(progress.next.record)
    }

    func show(_ counts: PipelineCounts) {
        passed.set(counts.passed)
        filtered.set(counts.filtered)
        rejected.set(counts.rejected)
    }
}
