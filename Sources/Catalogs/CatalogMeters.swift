import Synchronization
import Telemetry

/// What the catalog counts.
struct CatalogMeters: Sendable {
    let commits: Counter
    let conflicts: Counter
    let retries: Counter
    let rebases: Counter
    let commitTime: Histogram
    let purges: Counter
    let grouped: Counter
    let repetitions: Counter
    let expiredFiles: Counter
    let obsoleteFiles: Gauge
    private let largestMetadata: HighWater
    let largeMetadata: Counter

    init(_ metrics: MetricsRegistry) {
        commits = metrics.counter(
            "firn_catalog_table_commits_total", help: "Changes of tables that took place")
        conflicts = metrics.counter(
            "firn_catalog_commit_conflicts_total", help: "Commits refused because a requirement did not hold")
        retries = metrics.counter(
            "firn_catalog_commit_retries_total", help: "Commits worked out again because a pointer had moved")
        rebases = metrics.counter(
            "firn_catalog_commit_rebases_total", help: "Appends put on top of what was committed meanwhile")
        commitTime = metrics.histogram(
            "firn_catalog_commit_seconds", help: "Time of a commit, waiting included")
        grouped = metrics.counter(
            "firn_catalog_commits_grouped_total",
            help: "Commits that shared a metadata file with others to the same table")
        repetitions = metrics.counter(
            "firn_catalog_repeated_requests_total",
            help: "Requests answered from what was kept under their idempotency key")
        purges = metrics.counter(
            "firn_catalog_purges_total", help: "Purged tables whose files are all deleted")
        expiredFiles = metrics.counter(
            "firn_catalog_expired_files_total",
            help: "Manifest lists and manifests of expired snapshots that were deleted")
        obsoleteFiles = metrics.gauge(
            "firn_catalog_obsolete_files",
            help: "Files that commits let go of and that are still to be deleted")
        largestMetadata = HighWater(
            metrics.gauge(
                "firn_catalog_metadata_largest_bytes", help: "Largest metadata file written since the start"))
        largeMetadata = metrics.counter(
            "firn_catalog_metadata_large_total",
            help: "Metadata files written that had more than half of the bytes allowed")
    }

    func noteMetadata(_ bytes: Int) { largestMetadata.raise(to: bytes) }
}

/// A gauge that only rises.
private final class HighWater: Sendable {
    private let gauge: Gauge
    private let highest = Mutex(0)

    init(_ gauge: Gauge) { self.gauge = gauge }

    func raise(to value: Int) {
        highest.withLock { highest in
            guard value > highest else { return }
            highest = value
            gauge.set(Int64(value))
        }
    }
}
