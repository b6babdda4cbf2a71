import JSONText
import Telemetry

/// What clients report of their scans and commits, summed up. The reports themselves are not kept.
///
/// A client may report any number; beyond what a scan can be it counts as the most.
struct ReportMeters: Sendable {
    private static let mostFiles: Int64 = 1_000_000_000
    private static let longestPlanning: Int64 = 86_400 * 1_000_000_000

    private let scans: Counter
    private let commits: Counter
    private let others: Counter
    private let files: Counter
    private let planning: Histogram

    init(_ metrics: MetricsRegistry) {
        func reports(_ type: String) -> Counter {
            metrics.counter(
                "firn_catalog_client_reports_total", ["type": type],
                help: "Metrics reports that clients sent")
        }
        scans = reports("scan")
        commits = reports("commit")
        others = reports("other")
        files = metrics.counter(
            "firn_catalog_client_scan_files_total", help: "Data files that clients say their scans read")
        planning = metrics.histogram(
            "firn_catalog_client_scan_planning_seconds", help: "Time that clients say planning a scan took")
    }

    /// - Errors: `CTA-102` for a report without the members its type needs.
    func count(_ report: RequestObject) throws(CatalogAPIError) {
        let type = try report.string("report-type")
        let metrics = RequestObject(try report.object("metrics"))
        switch type {
        case "scan-report":
            _ = try report.string("table-name")
            _ = try report.required("filter")
            _ = try report.optionalLong("snapshot-id")
            scans.add()
            if let count = metrics["result-data-files"]?["value"]?.integer, count > 0 {
                files.add(min(count, Self.mostFiles))
            }
            let time = metrics["total-planning-duration"]
            if time?["time-unit"]?.string == "nanoseconds", let total = time?["total-duration"]?.integer,
                total >= 0
            {
                planning.record(nanoseconds: min(total, Self.longestPlanning))
            }
        case "commit-report":
            _ = try report.string("table-name")
            _ = try report.string("operation")
            commits.add()
        default: others.add()
        }
    }
}
