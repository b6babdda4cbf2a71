import Telemetry
import Testing

@Suite("Metrics")
struct MetricsTests {
    @Test("metrics print as Prometheus text, sorted")
    func prints() {
        let registry = MetricsRegistry()
        registry.counter("firn_b_total", ["stream": "a\"b"], help: "Bs.").add(3)
        registry.gauge("firn_a_bytes", help: "As.").set(7)
        #expect(
            registry.exposition == """
                # HELP firn_a_bytes As.
                # TYPE firn_a_bytes gauge
                firn_a_bytes 7
                # HELP firn_b_total Bs.
                # TYPE firn_b_total counter
                firn_b_total{stream="a\\"b"} 3

                """)
    }

    @Test("the same name and labels give the same counter")
    func shares() {
        let registry = MetricsRegistry()
        registry.counter("firn_x_total", help: "x").add()
        registry.counter("firn_x_total", help: "x").add()
        #expect(registry.counter("firn_x_total", help: "x").current == 2)
    }
}
