import Effects
import JSONText
import Metastore
import Streams
import Telemetry

/// The series of pipelines at `/metrics`, worked out when somebody asks: of every statement that is stored, also of
/// paused pipelines, and of none that is gone.
extension PipelineService {
    /// Without the Metastore there are none: old numbers would pass for new ones.
    func show(in registry: MetricsRegistry) async {
        // A database that is away would hold up the scrape, and with it everything else that it tells.
        guard resources.metastore.lease.isHeld else { return }
        let node = resources.metastore.node
        let stored: [StoredStatement]
        do {
            stored = try await resources.metastore.read { try Self.statements(ofNode: node, $0) }
        } catch {
            resources.log.warning(
                "the metrics of pipelines cannot be read", ["error": .string("\(error)")])
            return
        }
        var looks = StreamLooks(streams: resources.streams)
        for statement in stored {
            do {
                let stream = try looks.open(statement.progress.key.streamID)
                let stats = try await show(statement, stream, &looks)
                StatementSeries(statement.pipeline.name, stats, resources.meters.of(statement.progress.key))
                    .show(in: registry)
            } catch {
                // Its log is not open: nobody knows how many events it has, and ingest says why.
                resources.log.debug(
                    "a statement's metrics cannot be read",
                    ["pipeline": .string(statement.pipeline.name), "error": .string("\(error)")])
            }
        }
    }
}

/// One statement's series.
struct StatementSeries {
    private let pipeline: String
    private let stats: StatementStats
    private let meters: PipelineMetrics

    init(_ pipeline: String, _ stats: StatementStats, _ meters: PipelineMetrics) {
        self.pipeline = pipeline
        self.stats = stats
        self.meters = meters
    }

    func show(in registry: MetricsRegistry) {
        showEvents(in: registry)
        showWork(in: registry)
    }

    private func showEvents(in registry: MetricsRegistry) {
        let (stream, sink, counts) = (stats.stream, stats.sink, stats.counts)
        registry.gauge(
            "firn_pipeline_accepted_events", ["pipeline": pipeline, "stream": stream, "sink": sink],
            help: "Events of the stream since the statement's first: passed + filtered + rejected + pending"
        ).set(stats.accepted)
        registry.gauge(
            "firn_pipeline_passed_events", ["pipeline": pipeline, "stream": stream, "sink": sink],
            help: "Events that became rows"
        ).set(counts.passed)
        registry.gauge(
            "firn_pipeline_filtered_events", ["pipeline": pipeline, "stream": stream, "sink": sink],
            help: "Events filtered out"
        ).set(counts.filtered)
        registry.gauge(
            "firn_pipeline_rejected_events", ["pipeline": pipeline, "stream": stream, "sink": sink],
            help: "Events rejected"
        ).set(counts.rejected)
        registry.gauge(
            "firn_pipeline_pending_events", ["pipeline": pipeline, "stream": stream, "sink": sink],
            help: "Events accepted and not landed"
        ).set(stats.pending)
        registry.gauge(
            "firn_pipeline_sink_rows", ["pipeline": pipeline, "stream": stream, "sink": sink],
            help: "Rows written to the sink"
        ).set(counts.sinkRows)
        registry.gauge(
            "firn_pipeline_landed_record", ["pipeline": pipeline, "stream": stream, "sink": sink],
            help: "The first record not landed"
        ).set(stats.next.record)
        if let lag = stats.activity.lagSeconds {
            registry.gauge(
                "firn_pipeline_lag_seconds", ["pipeline": pipeline, "stream": stream, "sink": sink],
                help: "Age of the oldest event not landed, in whole seconds"
            ).set(lag)
        }
    }

    private func showWork(in registry: MetricsRegistry) {
        let (stream, sink, activity) = (stats.stream, stats.sink, stats.activity)
        if let last = activity.lastCommitAt {
            registry.gauge(
                "firn_pipeline_last_commit_timestamp_seconds",
                ["pipeline": pipeline, "stream": stream, "sink": sink],
                help: "When the statement last committed, in seconds since 1970"
            ).set(last.microseconds / 1_000_000)
        }
        registry.counter(
            "firn_pipeline_commits_total", ["pipeline": pipeline, "stream": stream, "sink": sink],
            help: "Commits of a pipeline"
        ).add(activity.work.commits)
        _ = registry.histogram(
            "firn_pipeline_commit_seconds", ["pipeline": pipeline, "stream": stream, "sink": sink],
            help: "Time of a pipeline's commit", existing: meters.commitTime)
        registry.counter(
            "firn_pipeline_retries_total", ["pipeline": pipeline, "stream": stream, "sink": sink],
            help: "Times a pipeline began again after an error"
        ).add(activity.work.retries)
        registry.counter(
            "firn_sink_files_total", ["pipeline": pipeline, "stream": stream, "sink": sink],
            help: "Files of rows and of rejects that commits of a pipeline have written"
        ).add(activity.work.files)
        registry.counter(
            "firn_sink_file_bytes_total", ["pipeline": pipeline, "stream": stream, "sink": sink],
            help: "Bytes of files that commits of a pipeline have written"
        ).add(activity.work.bytesOut)
    }
}
