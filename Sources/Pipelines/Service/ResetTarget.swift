import Effects
import JSONText
import Kernels
import Streams

/// A place in a stream, as somebody names it: `{"to":"oldest"}`, `{"to":"latest"}`, `{"record":17}`,
/// `{"time":"2026-01-31T00:00:00Z"}`.
enum ResetTarget: Sendable, Equatable {
    case oldest
    case latest
    case record(Int64)
    /// The first record received at or after the instant.
    case time(Instant)

    init(_ body: JSONValue) throws(PipelinesError) {
        let members = body.object?.members ?? []
        guard members.count == 1, let (name, value) = members.first else { throw Self.refused }
        switch (name, value.string) {
        case ("to", "oldest"): self = .oldest
        case ("to", "latest"): self = .latest
        case ("time", let text?):
            guard
                let nanoseconds = TimeParsing.timestampNanoseconds(Array(text.utf8).span, ignoresZone: false),
                let microseconds = Int64(exactly: nanoseconds / 1000)
            else { throw Self.refused }
            self = .time(Instant(microseconds: microseconds))
        case ("record", nil):
            guard let number = value.integer, number >= 0 else { throw Self.refused }
            self = .record(number)
        default: throw Self.refused
        }
    }

    private static let refused = PipelinesError(
        .invalidDefinition, "a place in a stream is named in one way",
        hint: #"send {"to":"oldest"}, {"to":"latest"}, {"record":N} or {"time":"2026-01-31T00:00:00Z"}"#)

    /// The place, and how many events of the stream came before it.
    func find(in log: StreamLog) async throws -> (offset: LogOffset, event: Int64) {
        let status = log.status
        switch self {
        case .oldest: return (status.oldest, status.oldestEvent)
        case .latest: return (status.end, status.acceptedEvents)
        case .record(let number): return try await place(of: number, in: log)
        case .time(let instant):
            return try await place(
                of: log.firstRecord { $0.append.receivedAt >= instant }, in: log)
        }
    }

    private func place(of record: Int64, in log: StreamLog) async throws -> (offset: LogOffset, event: Int64)
    {
        let status = log.status
        guard (status.oldest.record...status.end.record).contains(record) else {
            throw PipelinesError(
                .invalidDefinition, "the stream does not keep this record",
                ["path": "$.record", "record": record],
                hint: "records \(status.oldest.record) to \(status.end.record) are kept")
        }
        let slice = try await log.read(from: LogOffset(record: record), maxBytes: 1)
        guard let first = slice.records.first else {
            return (LogOffset(record: record), log.status.acceptedEvents)
        }
        return (LogOffset(record: record), first.firstEvent)
    }
}
