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

    @Test("collectors are asked at each scrape, and nothing they found is kept")
    func collects() async {
        let registry = MetricsRegistry()
        registry.gauge("firn_y", ["k": "own"], help: "y").set(1)
        let turn = Counter()
        for _ in 0..<2 {
            registry.collect("one") { fresh in
                turn.add()
                fresh.gauge("firn_y", ["k": "turn\(turn.current)"], help: "y").set(turn.current)
                let times = Histogram()
                times.record(nanoseconds: 1_000_000)
                _ = fresh.histogram("firn_z_seconds", help: "z", existing: times)
            }
        }
        _ = await registry.collectedExposition()
        let text = await registry.collectedExposition()
        let gauges = text.split(separator: "\n").filter { $0.hasPrefix("firn_y") }
        #expect(gauges == ["firn_y{k=\"own\"} 1", "firn_y{k=\"turn2\"} 2"])
        #expect(text.contains("firn_z_seconds_count 1\n") && !registry.exposition.contains("firn_z"))
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

    @Test("amounts whose sum no number holds end no process")
    func saturates() {
        let registry = MetricsRegistry()
        let histogram = registry.histogram("firn_h_seconds", help: "h")
        let counter = registry.counter("firn_c_total", help: "c")
        let gauge = registry.gauge("firn_g", help: "g")
        for _ in 0..<2 {
            histogram.record(nanoseconds: .max)
            counter.add(.max)
            gauge.add(.max)
        }
        histogram.record(nanoseconds: -5)
        #expect(registry.exposition.contains("firn_h_seconds_count 3\n"))
        #expect(registry.exposition.contains("firn_h_seconds_sum \(Double(Int64.max) / 1e9)\n"))
    }

    @Test("the same name and labels give the same counter")
    func shares() {
        let registry = MetricsRegistry()
        registry.counter("firn_x_total", help: "x").add()
        registry.counter("firn_x_total", help: "x").add()
        #expect(registry.counter("firn_x_total", help: "x").current == 2)
    }
}
