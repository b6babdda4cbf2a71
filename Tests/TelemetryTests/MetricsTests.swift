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

    @Test("what is deleted is counted no more, and nothing else goes with it")
    func forgets() {
        let registry = MetricsRegistry()
        for stream in ["a", "ab", "b"] {
            registry.counter("firn_x_total", ["stream": stream, "kind": "k"], help: "x").add()
            registry.gauge("firn_y_\(stream)", ["stream": stream], help: "y").set(1)
        }
        registry.counter("firn_z_total", ["kind": "k", "stream": "a"], help: "z").add()
        registry.forget("stream", "a")
        #expect(
            registry.exposition.split(separator: "\n").filter { !$0.hasPrefix("#") } == [
                "firn_x_total{stream=\"ab\",kind=\"k\"} 1", "firn_x_total{stream=\"b\",kind=\"k\"} 1",
                "firn_y_ab{stream=\"ab\"} 1", "firn_y_b{stream=\"b\"} 1",
            ])
        #expect(registry.counter("firn_x_total", ["stream": "a", "kind": "k"], help: "x").current == 0)
    }

    @Test("the same name and labels give the same counter")
    func shares() {
        let registry = MetricsRegistry()
        registry.counter("firn_x_total", help: "x").add()
        registry.counter("firn_x_total", help: "x").add()
        #expect(registry.counter("firn_x_total", help: "x").current == 2)
    }
}
