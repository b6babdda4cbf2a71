import Telemetry

/// What planning for clients counts.
struct PlanMeters: Sendable {
    let completed: Counter
    let submitted: Counter
    let cancelled: Counter
    let failed: Counter
    let open: Gauge
    let pages: Counter
    let tasks: Counter
    let skippedFiles: Counter
    let time: Histogram

    init(_ metrics: MetricsRegistry) {
        func plans(_ outcome: String) -> Counter {
            metrics.counter(
                "firn_scan_plans_total", ["outcome": outcome],
                help: "Scans planned for clients: completed at once or later, submitted, cancelled, failed")
        }
        completed = plans("completed")
        submitted = plans("submitted")
        cancelled = plans("cancelled")
        failed = plans("failed")
        open = metrics.gauge("firn_scan_plans_open", help: "Plans whose ids clients may ask for")
        pages = metrics.counter("firn_scan_plan_pages_total", help: "Parts of plans given to clients")
        tasks = metrics.counter("firn_scan_plan_tasks_total", help: "Files in plans given to clients")
        skippedFiles = metrics.counter(
            "firn_scan_plan_skipped_files_total", help: "Files that plans for clients left out")
        time = metrics.histogram("firn_scan_plan_page_seconds", help: "Time to plan one part of a scan")
    }
}
