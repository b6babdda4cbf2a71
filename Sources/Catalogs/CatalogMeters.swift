import Telemetry

/// What the catalog counts.
struct CatalogMeters {
    let commits: Counter
    let conflicts: Counter
    let retries: Counter
    let rebases: Counter
    let commitTime: Histogram

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
    }
}
