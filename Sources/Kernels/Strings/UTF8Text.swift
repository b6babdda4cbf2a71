import Columnar

/// Positions and searches in UTF-8 bytes; a character is a Unicode scalar.
enum UTF8Text {
    @inline(__always)
    static func isStart(_ byte: UInt8) -> Bool { byte & 0xC0 != 0x80 }

    /// How many characters: every byte that continues none.
    static func length(_ text: Span<UInt8>) -> Int {
        var count = 0
        for index in 0..<text.count { count &+= isStart(text[index]) ? 1 : 0 }
        return count
    }

    /// The byte where character `number` (from zero) begins; the end when there are fewer.
    static func offset(of number: Int, in text: Span<UInt8>) -> Int {
        if number <= 0 { return 0 }
        var seen = -1
        for index in 0..<text.count where isStart(text[index]) {
            seen += 1
            if seen == number { return index }
        }
        return text.count
    }

    /// The byte where `needle` first begins at or after `start`.
    static func find(_ needle: Span<UInt8>, in text: Span<UInt8>, from start: Int = 0) -> Int? {
        if needle.count == 0 { return start <= text.count ? start : nil }
        guard text.count - start >= needle.count else { return nil }
        return ByteSearch.first(needle, in: text.extracting(start..<text.count)).map { $0 + start }
    }

    @inline(__always)
    static func matches(_ needle: Span<UInt8>, in text: Span<UInt8>, at position: Int) -> Bool {
        guard text.count - position >= needle.count else { return false }
        for index in 0..<needle.count where text[position + index] != needle[index] { return false }
        return true
    }

    static func isSame(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        left.count == right.count && matches(left, in: right, at: 0)
    }

    static func isASCII(_ text: Span<UInt8>) -> Bool {
        var all: UInt8 = 0
        for index in 0..<text.count { all |= text[index] }
        return all < 0x80
    }

    static func string(_ text: Span<UInt8>) -> String {
        String(decoding: [UInt8](copying: text), as: UTF8.self)
    }

    static func appendLowercased(
        _ text: Span<UInt8>, to buffer: inout [UInt8], _ watch: inout StepWatch
    ) throws(KernelError) {
        try forEachPiece(of: text, &watch) { piece in
            guard isASCII(piece) else { return buffer.append(contentsOf: string(piece).lowercased().utf8) }
            for index in 0..<piece.count {
                let byte = piece[index]
                buffer.append(byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte)
            }
        }
    }

    static func appendUppercased(
        _ text: Span<UInt8>, to buffer: inout [UInt8], _ watch: inout StepWatch
    ) throws(KernelError) {
        try forEachPiece(of: text, &watch) { piece in
            guard isASCII(piece) else { return buffer.append(contentsOf: string(piece).uppercased().utf8) }
            for index in 0..<piece.count {
                let byte = piece[index]
                buffer.append(byte >= 0x61 && byte <= 0x7A ? byte & 0xDF : byte)
            }
        }
    }

    /// Some milliseconds of the slowest change of case. Unicode's mappings, as Swift has them, look at one scalar each.
    private static let pieceBytes = 1 << 16

    /// Calls `body` with pieces that end between characters, and looks at the watch behind each.
    @inline(__always)
    private static func forEachPiece(
        of text: Span<UInt8>, _ watch: inout StepWatch, _ body: (Span<UInt8>) -> Void
    ) throws(KernelError) {
        var start = 0
        while start < text.count {
            var end = min(text.count, start + pieceBytes)
            while end < text.count, !isStart(text[end]) { end += 1 }
            body(text.extracting(start..<end))
            try watch.step((end - start) / 16)
            start = end
        }
    }
}
