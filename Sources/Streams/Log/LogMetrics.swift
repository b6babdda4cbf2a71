import Effects
import Telemetry

/// The numbers one log shows of itself.
struct LogMetrics: Sendable {
    let refused: Counter
    let repeated: Counter
    private let records: Counter
    private let events: Counter
    private let bytes: Counter
    private let unlanded: Gauge
    private let queue: Gauge
    private let end: Gauge

    /// `name` tells people which it is.
    init(registry: MetricsRegistry, stream: UniqueID, name: String) {
        let id = stream.hexDigits
        refused = registry.counter(
            "firn_stream_log_refused_total", ["stream": name, "stream_id": id], help: "Requests a log refused"
        )
        repeated = registry.counter(
            "firn_stream_log_repeated_total", ["stream": name, "stream_id": id],
            help: "Requests that were kept before")
        records = registry.counter(
            "firn_stream_log_records_total", ["stream": name, "stream_id": id], help: "Requests made durable")
        events = registry.counter(
            "firn_stream_log_events_total", ["stream": name, "stream_id": id], help: "Events made durable")
        bytes = registry.counter(
            "firn_stream_log_written_bytes_total", ["stream": name, "stream_id": id],
            help: "Bytes made durable")
        unlanded = registry.gauge(
            "firn_stream_log_backlog_bytes", ["stream": name, "stream_id": id],
            help: "Durable bytes not yet landed")
        queue = registry.gauge(
            "firn_stream_log_queue_bytes", ["stream": name, "stream_id": id],
            help: "Bytes that wait for the writer")
        end = registry.gauge(
            "firn_stream_log_end_record", ["stream": name, "stream_id": id],
            help: "The number of the next record")
    }

    /// Since the process began.
    var totals: LogTotals {
        LogTotals(
            requests: records.current, events: events.current, bytes: bytes.current, refused: refused.current,
            repeated: repeated.current)
    }

    func record(_ group: LogState.Group) {
        records.add(Int64(group.appends.count))
        events.add(group.appends.reduce(0) { $0 + Int64($1.append.eventCount) })
        bytes.add(Int64(group.byteCount))
    }

    func set(endRecord: Int64, unlandedBytes: Int, queueBytes: Int) {
        end.set(endRecord)
        unlanded.set(Int64(unlandedBytes))
        queue.set(Int64(queueBytes))
    }
}

/// What a log has taken and refused since the process began; bytes are those of its file.
package struct LogTotals: Sendable, Equatable {
    package var requests: Int64
    package var events: Int64
    package var bytes: Int64
    package var refused: Int64
    package var repeated: Int64
}
