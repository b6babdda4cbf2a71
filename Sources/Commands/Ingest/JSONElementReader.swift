/// Cuts a JSON document into events: the elements of one array, or values that follow each other.
///
/// Looks only at brackets, strings and the commas between elements; whether the values are JSON is for the server to
/// say, with the place.
struct JSONElementReader: EventReader {
    /// What stands before `position` in an array.
    private enum Before { case opening, value, comma }

    private var input: ByteInput
    private var position = 0
    private var eventCount = 0
    /// Nil until the first character is seen.
    private var isArray: Bool?
    private var isArrayEnded = false
    private var before = Before.opening

    init(_ input: ByteInput) { self.input = input }

    mutating func nextBatch(_ limits: BatchLimits) throws -> EventBatch? {
        var body: [UInt8] = [UInt8(ascii: "[")]
        var count = 0
        while count < limits.events, let element = try nextElement() {
            if count > 0, body.count + element.count + 2 > limits.bytes { break }
            if count > 0 { body.append(UInt8(ascii: ",")) }
            body += input.buffer[element]
            position = element.upperBound
            before = .value
            count += 1
            eventCount += 1
        }
        guard count > 0 else { return nil }
        body.append(UInt8(ascii: "]"))
        return EventBatch(
            body: body, contentType: "application/json", eventCount: count,
            firstEvent: eventCount - count + 1,
            sourceBytes: input.sourceBytes(at: position))
    }

    /// The next element; `position` stays before it.
    private mutating func nextElement() throws(CommandError) -> Range<Int>? {
        try skipSpace()
        if isArray == nil, let first = try byte(at: position) {
            isArray = first == UInt8(ascii: "[")
            if isArray == true {
                position += 1
                try skipSpace()
            }
        }
        if isArray == true, !isArrayEnded {
            if try byte(at: position) == UInt8(ascii: "]") { return try endArray() }
            try takeComma()
        }
        guard let first = try byte(at: position) else {
            guard isArray != true || isArrayEnded else { throw fault("the JSON array does not end") }
            return nil
        }
        guard !",:]}".utf8.contains(first) else {
            let character = String(UnicodeScalar(first))
            throw CommandError(
                .file, "this begins no JSON value", ["event": eventCount + 1, "found": character])
        }
        return try element()
    }

    private mutating func endArray() throws(CommandError) -> Range<Int>? {
        isArrayEnded = true
        position += 1
        try skipSpace()
        guard try byte(at: position) == nil else { throw fault("text follows the JSON array") }
        return nil
    }

    /// Between two elements.
    private mutating func takeComma() throws(CommandError) {
        guard before == .value, let found = try byte(at: position) else { return }
        guard found == UInt8(ascii: ",") else {
            throw fault("a comma is missing before a value of the array")
        }
        position += 1
        before = .comma
        try skipSpace()
        if try byte(at: position) == UInt8(ascii: "]") {
            throw fault("a comma stands before the end of the JSON array")
        }
    }

    private func fault(_ summary: String) -> CommandError {
        CommandError(.file, summary, ["event": eventCount + 1])
    }

    /// From `position` to where the value ends: its bracket closes, or a comma, space or bracket follows a plain value.
    private mutating func element() throws(CommandError) -> Range<Int> {
        var offset = 0
        var depth = 0
        var isInString = false
        var isEscaped = false
        while let byte = try byte(at: position + offset) {
            offset += 1
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                    if depth == 0 { return position..<position + offset }
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return position..<position + offset - 1 }
                depth -= 1
                if depth == 0 { return position..<position + offset }
            case UInt8(ascii: ","), 0x20, 0x09, 0x0A, 0x0D:
                if depth == 0 { return position..<position + offset - 1 }
            default: break
            }
        }
        guard depth == 0, !isInString else {
            throw CommandError(.file, "a JSON value does not end", ["event": eventCount + 1])
        }
        return position..<position + offset
    }

    private mutating func skipSpace() throws(CommandError) {
        while let byte = try byte(at: position), [0x20, 0x09, 0x0A, 0x0D].contains(byte) {
            position += 1
        }
    }

    /// Nil at the end of the input. May move `position` and the buffer, together.
    private mutating func byte(at index: Int) throws(CommandError) -> UInt8? {
        if index < input.buffer.count { return input.buffer[index] }
        let offset = index - position
        while !input.isAtEnd {
            guard input.buffer.count - position <= LineReader.lineLimit else {
                throw CommandError(.file, "a JSON value is too long", ["event": eventCount + 1])
            }
            try input.refill(dropping: position)
            position = 0
            if offset < input.buffer.count { return input.buffer[offset] }
        }
        return nil
    }
}
