import JSONText

/// An event that the server keeps as a reject, with its place in what was sent.
struct RejectedEvent: Sendable, CustomStringConvertible {
    var file: String
    /// From one; of CSV the row behind the head.
    var event: Int
    var misfit: IngestAnswer.Misfit

    /// `event 17 of clicks.ndjson, $.id: expected int64, found a string`
    var description: String { "event \(event) of \(file), \(misfit.path): \(misfit.message)" }

    var json: JSONValue {
        [
            "file": .string(file), "event": JSONValue(event), "path": .string(misfit.path),
            "code": .string(misfit.code), "message": .string(misfit.message),
        ]
    }
}
