import CSimdjson
import Faults

/// Calls the JSON reader that takes whole bodies, and turns its statuses into errors.
enum JSONBridge {
    /// Checks a body and counts its events.
    static func inspect(_ body: [UInt8], framing: firn_json_framing) throws(FileFormatsError) -> Int {
        var count: Int64 = 0
        var fault = unsafe firn_json_fault()
        // SAFETY: the pointers are only used inside the call, which reads `count` bytes.
        let status = unsafe body.withUnsafeBufferPointer { buffer in
            unsafe firn_json_inspect(buffer.baseAddress, Int64(buffer.count), framing, &count, &fault)
        }
        guard status == FIRN_JSON_OK else { throw unsafe error(status, fault, body) }
        return Int(count)
    }

    static func error(
        _ status: firn_json_status, _ fault: firn_json_fault, _ body: [UInt8]
    ) -> FileFormatsError {
        // SAFETY: messages are static, zero-terminated texts.
        let message = unsafe fault.message.map { unsafe String(cString: $0) } ?? "the JSON reader failed"
        let position = unsafe Int(fault.position)
        switch status {
        case FIRN_JSON_MALFORMED, FIRN_JSON_TOO_DEEP:
            // A text that ends too early ends behind its last character, not on the empty line after it.
            let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
            let contentEnd = (body.lastIndex { !isSpace($0) } ?? -1) + 1
            let before = body.prefix(position == body.count ? contentEnd : position)
            let line = before.count { $0 == 0x0A } + 1
            let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
            // Continuation bytes of UTF-8 are no characters.
            let column = before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1
            return FileFormatsError(
                malformedEvent: unsafe Int(fault.event), "malformed JSON: " + message,
                ["line": line, "column": column], at: .byte(position))
        case FIRN_JSON_TOO_LARGE:
            return FileFormatsError(
                .tooLarge, "the body is larger than the JSON reader takes",
                ["bytes": body.count, "limit": 1 << 30])
        case FIRN_JSON_NO_MEMORY:
            return FileFormatsError(.tooLarge, "no memory to read the body", ["bytes": body.count])
        default:
            return FileFormatsError(.internalFailure, message, ["bytes": body.count])
        }
    }
}
