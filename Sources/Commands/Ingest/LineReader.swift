/// Reads newline-delimited JSON: lines go out as they are, empty ones are left away.
struct LineReader: EventReader {
    /// No server takes a longer one.
    static let lineLimit = 64 << 20

    private var input: ByteInput
    private var position = 0
    private var eventCount = 0

    init(_ input: ByteInput) { self.input = input }

    mutating func nextBatch(_ limits: BatchLimits) throws -> EventBatch? {
        var body: [UInt8] = []
        var count = 0
        while count < limits.events, let line = try nextLine() {
            // The line that does not fit any more begins the next batch.
            if count > 0, body.count + line.count + 1 > limits.bytes { break }
            body += input.buffer[line]
            body.append(UInt8(ascii: "\n"))
            position = line.upperBound
            count += 1
        }
        guard count > 0 else { return nil }
        defer { eventCount += count }
        return EventBatch(
            body: body, contentType: "application/x-ndjson", eventCount: count, firstEvent: eventCount + 1,
            sourceBytes: input.sourceBytes(at: position))
    }

    /// The next line that is not empty, without its end; `position` stays before it, but for empty lines.
    private mutating func nextLine() throws(CommandError) -> Range<Int>? {
        while true {
            while position < input.buffer.count, isSpace(input.buffer[position]) { position += 1 }
            var end = position
            while true {
                if let newline = input.buffer[end...].firstIndex(of: UInt8(ascii: "\n")) {
                    end = newline
                    break
                }
                guard !input.isAtEnd else {
                    end = input.buffer.count
                    break
                }
                guard input.buffer.count - position <= Self.lineLimit else {
                    throw CommandError(
                        .file, "a line is too long", ["event": eventCount + 1, "limit": Self.lineLimit])
                }
                let seen = input.buffer.count - position
                try input.refill(dropping: position)
                position = 0
                end = seen
            }
            while end > position, isSpace(input.buffer[end - 1]) { end -= 1 }
            if end > position { return position..<end }
            guard position < input.buffer.count || !input.isAtEnd else { return nil }
        }
    }

    private func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }
}
