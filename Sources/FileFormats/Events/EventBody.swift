import CSimdjson
import Faults

/// How events lie in a request body. The raw values are stored with the body and never change.
package enum EventFraming: UInt8, Sendable, Hashable, CaseIterable {
    /// `[{…}, {…}]`
    case array = 1
    /// `{…}`: one event.
    case object = 2
    /// One value after the other, a line break between any two.
    case lines = 3

    var native: firn_json_framing { self == .lines ? FIRN_JSON_LINES : FIRN_JSON_DOCUMENT }
}

/// What a quick look at a request body says: it is well-formed JSON, so many events, in this framing.
///
/// Says nothing about the events' types: a stream accepts what is JSON, and a pipeline finds the misfits.
package struct EventBody: Sendable, Hashable {
    package let count: Int
    package let framing: EventFraming

    package init(count: Int, framing: EventFraming) {
        self.count = count
        self.framing = framing
    }

    /// Checks the whole body: all of it is JSON, or the call fails.
    ///
    /// - Parameter mediaType: The request's `Content-Type`. Without one, `[` begins an array and anything else is
    ///   lines; the types that HTTP clients send when nobody asked for one count as none.
    /// - Errors: `FMT-102` with the event, byte, line and column; `FMT-103`, `FMT-104`.
    /// - Cost: one pass at about 3 GB/s, and five megabytes kept by the thread; five times an event that is larger than
    ///   one, while it is looked at.
    package static func inspect(
        _ bytes: [UInt8], mediaType: String?
    ) throws(FileFormatsError) -> EventBody {
        let asked = try framing(ofMediaType: mediaType)
        let count = try counted(bytes, asked)
        let first = bytes.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        let isArray = first == UInt8(ascii: "[") && asked != FIRN_JSON_LINES
        let framing: EventFraming = isArray ? .array : asked == FIRN_JSON_DOCUMENT ? .object : .lines
        return EventBody(count: count, framing: framing)
    }

    /// Who sends lines as one document has only the media type wrong, and is told so.
    private static func counted(
        _ bytes: [UInt8], _ asked: firn_json_framing
    ) throws(FileFormatsError) -> Int {
        do throws(FileFormatsError) {
            return try JSONBridge.inspect(bytes, framing: asked)
        } catch {
            guard asked == FIRN_JSON_DOCUMENT, error.code == .malformedBody, isLines(bytes) else {
                throw error
            }
            throw error.hinting("these are lines of JSON: send them as application/x-ndjson")
        }
    }

    private static func isLines(_ bytes: [UInt8]) -> Bool {
        do throws(FileFormatsError) {
            return try JSONBridge.inspect(bytes, framing: FIRN_JSON_LINES) > 1
        } catch {
            return false
        }
    }

    private static func framing(ofMediaType text: String?) throws(FileFormatsError) -> firn_json_framing {
        let name = MediaTypeName.of(text)
        switch name {
        // curl and others add the last two by themselves.
        case "", "application/x-www-form-urlencoded", "application/octet-stream": return FIRN_JSON_DETECT
        case "application/json", "text/json": return FIRN_JSON_DOCUMENT
        case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines":
            return FIRN_JSON_LINES
        default:
            throw FileFormatsError(
                .unsupportedMediaType, "events do not come in this media type", ["media-type": name],
                hint: "use application/json, application/x-ndjson, text/csv or " + ArrowBody.mediaType)
        }
    }
}
