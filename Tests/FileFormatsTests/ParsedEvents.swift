import Columnar
import FileFormats

/// All parts of a body together.
struct ParsedEvents {
    var batches: [Batch] = []
    var misfits: [Misfit] = []
    var eventCount = 0
    var unknownFieldCount = 0
    /// For each row the event it came from.
    var places: [EventPlace] = []
    /// The rows of the part with the most of them.
    var largestPartRows = 0

    var rowCount: Int { batches.reduce(0) { $0 + $1.rowCount } }
}

extension EventParser {
    func parse(_ body: [UInt8], framing: EventFraming) throws(FileFormatsError) -> ParsedEvents {
        try start(body, framing: framing)
        var all = ParsedEvents()
        while true {
            let part = try next()
            precondition(
                part.batch?.rowCount ?? 0 == part.places.count && part.misfitCount == part.misfits.count)
            if let batch = part.batch { all.batches.append(batch) }
            all.largestPartRows = max(all.largestPartRows, part.places.count)
            all.misfits += part.misfits
            all.unknownFieldCount += part.unknownFieldCount
            all.places += part.places
            all.eventCount = part.eventCount
            if part.isEnd { return all }
        }
    }
}
