import Synchronization
import Telemetry

/// What all bodies that are collected whole may take together: thousands of clients with a few megabytes each would
/// otherwise be gigabytes.
final class BodyBudget: Sendable {
    private let used = Atomic<Int>(0)
    private let limit: Int
    private let gauge: Gauge

    init(limit: Int, gauge: Gauge) {
        self.limit = limit
        self.gauge = gauge
    }

    /// - Errors: `WIR-202`; the client comes back later.
    func take(_ bytes: Int) throws(WireError) {
        let (_, total) = used.add(bytes, ordering: .relaxed)
        guard total <= limit else {
            used.subtract(bytes, ordering: .relaxed)
            throw WireError(
                .tooManyBodies, "too many request bodies are being read at once", ["limit_bytes": limit],
                hint: "send again in a moment")
        }
        gauge.add(Int64(bytes))
    }

    func give(_ bytes: Int) {
        used.subtract(bytes, ordering: .relaxed)
        gauge.add(Int64(-bytes))
    }
}
