import Faults
import FileFormats

/// Events that travel in one request.
struct EventBatch: Sendable {
    var body: [UInt8]
    var contentType: String
    var eventCount: Int
    /// The number of the first event in its source, from 1.
    var firstEvent: Int
    /// How far into the source its last event ends, for progress.
    var sourceBytes: Int64
}

extension EventBatch {
    /// Why the server takes none of it, where that is because an event is no JSON: its words count from the beginning of
    /// the request.
    func jsonFault(in file: String) -> CommandError? {
        do throws(FileFormatsError) {
            _ = try EventBody.inspect(body, mediaType: contentType)
            return nil
        } catch {
            guard let event = error.event, case .byte(let position) = error.place else { return nil }
            // Of lines each is an event, whatever stands on it.
            let lines = body[..<position].count { $0 == UInt8(ascii: "\n") }
            let index = contentType == "application/json" ? event : lines
            return CommandError(.refused, error.summary, ["file": file, "event": firstEvent + index])
        }
    }
}

/// How much goes into one request: the server takes 5 MiB, and acknowledges thousands of small events as fast as one.
struct BatchLimits: Sendable {
    var events = 1000
    var bytes = 4 << 20
}

/// Cuts a source of events into batches.
protocol EventReader {
    /// Nil at the end. Blocks. - Errors: `CLI-102` with the place.
    mutating func nextBatch(_ limits: BatchLimits) throws -> EventBatch?
}

/// How a file holds its events.
enum EventFormat: String, CaseIterable, Sendable {
    case csv, ndjson, json

    /// From a file's name, as in `events.csv` or `events.ndjson.gz`; nil when it says nothing.
    init?(path: String) {
        var endings = path.split(separator: ".").map { $0.lowercased() }
        if let last = endings.last, ["gz", "zst"].contains(last) { endings.removeLast() }
        switch endings.last {
        case "csv": self = .csv
        case "ndjson", "jsonl": self = .ndjson
        case "json": self = .json
        default: return nil
        }
    }
}
