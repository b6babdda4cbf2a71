import Synchronization
import Telemetry

/// Counts answers by route and status, and times them by route, up to the answer's head.
///
/// Routes are patterns, so that the number of members stays that of the program's routes.
final class AccessMetrics: Sendable {
    private struct Key: Hashable {
        var route: String
        var status: Int
    }
    let inFlight: Gauge
    let connections: Gauge
    private let server: String
    private let registry: MetricsRegistry
    private let members = Mutex<[Key: (Counter, Histogram)]>([:])

    init(server: String, registry: MetricsRegistry) {
        self.server = server
        self.registry = registry
        inFlight = registry.gauge("firn_http_in_flight", ["server": server], help: "Requests that run.")
        connections = registry.gauge("firn_http_connections", ["server": server], help: "Open connections.")
    }

    func count(route: String, status: Int, nanoseconds: Int64) {
        let key = Key(route: route, status: status)
        let (counter, histogram) = members.withLock { members in
            if let known = members[key] { return known }
            let made = (
                registry.counter(
                    "firn_http_requests_total", ["server": server, "route": route, "status": String(status)],
                    help: "Answered requests."),
                registry.histogram(
                    "firn_http_request_seconds", ["server": server, "route": route],
                    help: "From the head of a request to the head of its answer.")
            )
            members[key] = made
            return made
        }
        counter.add()
        histogram.record(nanoseconds: nanoseconds)
    }
}
