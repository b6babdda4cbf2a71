import Effects
import Metastore
import Streams
import Synchronization
import Telemetry
import Wire

/// Liveness, readiness, metrics and the plain front page. None of them asks for a token.
struct SystemRoutes: Sendable {
    let metastore: Metastore
    let metrics: MetricsRegistry
    let streams: StreamRegistry
    let readiness: Readiness

    /// Answered also while the node drains.
    static let probes: Set<String> = ["/healthz", "/readyz", "/metrics"]

    func router(log: Log) -> Router {
        var router = Router(log: log)
        router.add("GET", "/healthz") { _ in .text("ok\n") }
        router.add("GET", "/readyz") { _ in try await ready() }
        router.add("GET", "/metrics") { _ in
            .text(
                await metrics.collectedExposition(), contentType: "text/plain; version=0.0.4; charset=utf-8")
        }
        router.add("GET", "/") { _ in .text(Self.page, contentType: "text/html; charset=utf-8") }
        return router
    }

    /// 200 when requests would be served: not draining, and the Metastore answers.
    ///
    /// Also while the disk is too full for events: sent elsewhere, their producers would learn less than from the 503
    /// they get here, and whoever makes room comes over the same addresses as everybody. The text says so.
    private func ready() async throws -> Response {
        guard readiness.isReady else { return .text("draining\n", status: 503) }
        _ = try await metastore.read { try $0.query("SELECT 1 AS one") }
        guard metastore.lease.isHeld else {
            return .text("the node's lease is uncertain: its streams take nothing\n", status: 503)
        }
        guard !streams.refusesEvents else {
            return .text("ready\nevents are refused: the disk has no room for them\n")
        }
        return .text("ready\n")
    }

    private static let page = """
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><title>Firn \(FirnVersion.current)</title></head>
        <body>
        <h1>Firn \(FirnVersion.current)</h1>
        <p>Events in over HTTP, shaped by SQL, landed in Iceberg tables, queried with SQL.</p>
        <ul>
        <li><a href="/healthz">/healthz</a>, <a href="/readyz">/readyz</a>, <a href="/metrics">/metrics</a></li>
        <li><code>/client/v4/accounts/{account}/…</code>: management</li>
        <li><code>/catalog</code>: Iceberg REST catalog</li>
        <li><code>/api/v1/accounts/{account}/basin-sql/query/{bucket}</code>: SQL</li>
        <li><code>/ingest/{stream}</code>: events</li>
        </ul>
        </body>
        </html>

        """
}

/// Whether the node takes work.
final class Readiness: Sendable {
    private let flag = Atomic<Bool>(false)
    var isReady: Bool { flag.load(ordering: .acquiring) }
    func set(_ isReady: Bool) { flag.store(isReady, ordering: .releasing) }
}
