import FileFormats

/// Finds the text of single events in a body that is known to be well-formed JSON.
///
/// - Cost: one pass over the body; only called for bodies with rejected rows.
enum EventSlicer {
    /// The texts of the events at `indexes`, which ascend; as many as are there.
    static func texts(of body: [UInt8], framing: EventFraming, at indexes: [Int]) -> [String] {
        var texts: [String] = []
        var wanted = indexes[...]
        var eventIndex = 0
        var depth = framing == .array ? -1 : 0
        var start: Int?
        var isInString = false
        var isEscaped = false
        func finish(at end: Int) {
            guard let from = start else { return }
            start = nil
            if wanted.first == eventIndex {
                wanted.removeFirst()
                texts.append(String(decoding: body[from..<end], as: UTF8.self))
            }
            eventIndex += 1
        }
        for (position, byte) in body.enumerated() {
            if wanted.isEmpty { break }
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                    if depth == 0 { finish(at: position + 1) }
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                if depth == 0, start == nil { start = position }
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                // The end of an array of scalars ends the last of them.
                if depth == 0 { finish(at: position) }
                depth -= 1
                if depth == 0 { finish(at: position + 1) }
            case UInt8(ascii: "\""):
                if depth == 0, start == nil { start = position }
                isInString = true
            case UInt8(ascii: ","), UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"),
                UInt8(ascii: "\n"):
                if depth == 0 { finish(at: position) }
            default:
                if depth == 0, start == nil { start = position }
            }
        }
        finish(at: body.count)
        return texts
    }
}
