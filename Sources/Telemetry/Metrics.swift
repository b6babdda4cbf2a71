import Synchronization

/// A number that only grows; past the largest it begins anew, as Prometheus expects of counters.
package final class Counter: Sendable {
    private let value = Atomic<Int64>(0)
    package init() {}
    package func add(_ amount: Int64 = 1) { value.wrappingAdd(amount, ordering: .relaxed) }
    package var current: Int64 { value.load(ordering: .relaxed) }
}

/// A number that goes up and down.
package final class Gauge: Sendable {
    private let value = Atomic<Int64>(0)
    package init() {}
    package func set(_ amount: Int64) { value.store(amount, ordering: .relaxed) }
    package func add(_ amount: Int64) { value.wrappingAdd(amount, ordering: .relaxed) }
    package var current: Int64 { value.load(ordering: .relaxed) }
}

/// Durations in buckets that double, from 64 microseconds to about 2 minutes.
package final class Histogram: Sendable {
    package static let bucketCount = 22
    private struct State {
        var buckets = [Int64](repeating: 0, count: Histogram.bucketCount + 1)
        var sumNanoseconds: Int64 = 0
        var count: Int64 = 0
    }
    private let state = Mutex(State())
    package init() {}

    package func record(nanoseconds: Int64) {
        let units = UInt64(max(0, nanoseconds) / 64_000)
        let bucket = min(Self.bucketCount, 64 - units.leadingZeroBitCount)
        state.withLock { state in
            state.buckets[bucket] += 1
            let (sum, overflow) = state.sumNanoseconds.addingReportingOverflow(max(0, nanoseconds))
            state.sumNanoseconds = overflow ? .max : sum
            state.count += 1
        }
    }

    func write(name: String, labels: String, to text: inout String) {
        let state = state.withLock { $0 }
        let separator = labels.isEmpty ? "" : ","
        var total: Int64 = 0
        for (index, count) in state.buckets.enumerated() {
            total += count
            let bound =
                index == Self.bucketCount ? "+Inf" : "\(Double(UInt64(64_000) << UInt64(index)) / 1e9)"
            text += "\(name)_bucket{\(labels)\(separator)le=\"\(bound)\"} \(total)\n"
        }
        let braces = labels.isEmpty ? "" : "{\(labels)}"
        text += "\(name)_sum\(braces) \(Double(state.sumNanoseconds) / 1e9)\n"
        text += "\(name)_count\(braces) \(state.count)\n"
    }
}

/// Every metric of the process, by name and labels; prints itself as Prometheus text.
///
/// Names begin with `firn_`, end in their unit or `_total`, and are listed in `Docs/metrics.md`.
package final class MetricsRegistry: Sendable {
    private enum Metric {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
        var typeName: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }
    private struct Family {
        var help: String
        var members: [String: Metric] = [:]
    }
    private let families = Mutex<[String: Family]>([:])
    /// Shows what lies elsewhere in a registry of its own, which nobody keeps.
    package typealias Collector = @Sendable (MetricsRegistry) async -> Void
    private let collectors = Mutex<[String: Collector]>([:])

    package init() {}

    /// Has `collector` work out series each time somebody asks; the one before it of the same name is forgotten.
    package func collect(_ name: String, _ collector: @escaping Collector) {
        collectors.withLock { $0[name] = collector }
    }

    /// The exposition with what the collectors find now.
    package func collectedExposition() async -> String {
        let fresh = MetricsRegistry()
        for (_, collector) in collectors.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            await collector(fresh)
        }
        let found = fresh.families.withLock { $0 }
        return Self.text(
            families.withLock { $0 }.merging(found) { own, found in
                Family(help: own.help, members: own.members.merging(found.members) { $1 })
            })
    }

    /// The counter with this name and labels; made when first asked for.
    package func counter(_ name: String, _ labels: KeyValuePairs<String, String> = [:], help: String)
        -> Counter
    {
        member(
            name, labels, help, make: { .counter(Counter()) },
            take: { if case .counter(let it) = $0 { it } else { nil } })
    }

    package func gauge(_ name: String, _ labels: KeyValuePairs<String, String> = [:], help: String) -> Gauge {
        member(
            name, labels, help, make: { .gauge(Gauge()) },
            take: { if case .gauge(let it) = $0 { it } else { nil } })
    }

    /// `existing` is shown where a collector has one already.
    package func histogram(
        _ name: String, _ labels: KeyValuePairs<String, String> = [:], help: String,
        existing: Histogram? = nil
    ) -> Histogram {
        member(
            name, labels, help, make: { .histogram(existing ?? Histogram()) },
            take: { if case .histogram(let it) = $0 { it } else { nil } })
    }

    private func member<Member>(
        _ name: String, _ labels: KeyValuePairs<String, String>, _ help: String, make: () -> Metric,
        take: (Metric) -> Member?
    ) -> Member {
        let key = labels.map { "\($0.key)=\"\(escaped($0.value))\"" }.joined(separator: ",")
        let metric = families.withLock { families in
            var family = families[name] ?? Family(help: help)
            let metric = family.members[key] ?? make()
            family.members[key] = metric
            families[name] = family
            return metric
        }
        guard let member = take(metric) else {
            preconditionFailure("metric \(name) has another type: \(metric.typeName)")
        }
        return member
    }

    /// Takes away every metric with this label: what it counted is deleted. Holders of one may count on, unseen.
    package func forget(_ label: String, _ value: String) {
        let pair = "\(label)=\"\(escaped(value))\""
        families.withLock { families in
            for (name, family) in families {
                // Quotes inside values are escaped, so the pair is found nowhere but where it stands for itself.
                let kept = family.members.filter { !",\($0.key),".contains(",\(pair),") }
                guard kept.count < family.members.count else { continue }
                families[name] = kept.isEmpty ? nil : Family(help: family.help, members: kept)
            }
        }
    }

    private func escaped(_ label: String) -> String {
        label.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    /// Prometheus text format 0.0.4, families and members sorted.
    package var exposition: String { Self.text(families.withLock { $0 }) }

    private static func text(_ snapshot: [String: Family]) -> String {
        var text = ""
        for (name, family) in snapshot.sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(family.help)\n"
            text += "# TYPE \(name) \(family.members.first?.value.typeName ?? "untyped")\n"
            for (labels, metric) in family.members.sorted(by: { $0.key < $1.key }) {
                let braces = labels.isEmpty ? "" : "{\(labels)}"
                switch metric {
                case .counter(let counter): text += "\(name)\(braces) \(counter.current)\n"
                case .gauge(let gauge): text += "\(name)\(braces) \(gauge.current)\n"
                case .histogram(let histogram): histogram.write(name: name, labels: labels, to: &text)
                }
            }
        }
        return text
    }
}
