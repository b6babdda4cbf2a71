package import Telemetry

/// What a store's client counts.
package struct S3Meters: Sendable {
    private let registry: MetricsRegistry
    let sentBytes: Counter
    let receivedBytes: Counter
    /// Writes whose outcome was looked up, by what was found.
    let resolvedDone: Counter
    let resolvedLost: Counter
    let unresolved: Counter
    let underWay: Gauge

    package init(_ registry: MetricsRegistry) {
        self.registry = registry
        sentBytes = registry.counter(
            "firn_external_store_sent_bytes_total", help: "Bytes of bodies sent to the external store")
        receivedBytes = registry.counter(
            "firn_external_store_received_bytes_total",
            help: "Bytes of bodies received from the external store")
        resolvedDone = Self.resolved("done", registry)
        resolvedLost = Self.resolved("refused", registry)
        unresolved = Self.resolved("unknown", registry)
        underWay = registry.gauge(
            "firn_external_store_requests_under_way",
            help: "Requests to the external store that are not answered yet")
    }

    private static func resolved(_ found: String, _ registry: MetricsRegistry) -> Counter {
        registry.counter(
            "firn_external_store_resolved_writes_total", ["found": found],
            help: "Writes without a clear answer, by what a look at the external store found")
    }

    func requests(_ operation: String) -> Counter {
        registry.counter(
            "firn_external_store_requests_total", ["operation": operation],
            help: "Requests to the external store, tries that failed included")
    }

    func retries(_ reason: String) -> Counter {
        registry.counter(
            "firn_external_store_retries_total", ["reason": reason],
            help: "Requests to the external store that were tried again, by what became of the one before")
    }

    func duration(_ operation: String) -> Histogram {
        registry.histogram(
            "firn_external_store_request_seconds", ["operation": operation],
            help: "Time to the end of an answer of the external store")
    }
}
