import Telemetry

/// What the Metastore counts.
struct MetastoreMeters {
    let commits: Counter
    let rollbacks: Counter
    let retries: Counter
    let waitingWrites: Gauge
    let writes: Histogram
    let reads: Histogram

    init(_ metrics: MetricsRegistry) {
        commits = metrics.counter("firn_metastore_commits_total", help: "Transactions made durable")
        rollbacks = metrics.counter("firn_metastore_rollbacks_total", help: "Transactions undone")
        retries = metrics.counter(
            "firn_metastore_retries_total",
            help: "Transactions made again: another one was first, or the connection broke")
        waitingWrites = metrics.gauge(
            "firn_metastore_waiting_writes", help: "Writes asked for and not finished")
        writes = metrics.histogram("firn_metastore_write_seconds", help: "Time of a write, waiting included")
        reads = metrics.histogram("firn_metastore_read_seconds", help: "Time of a read, waiting included")
    }
}
