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
        let first = needle[0]
        let last = text.count - needle.count
        var position = start
        // Bytes that agreed before one did not: few, but in texts made to waste time.
        var wasted = 0
        while position <= last {
            if text[position] == first {
                let agreed = agreement(needle, text, at: position)
                if agreed == needle.count { return position }
                wasted += agreed
                if wasted > 64 + 4 * (position - start) {
                    return findLinearly(needle, in: text, from: position + 1)
                }
            }
            position += 1
        }
        return nil
    }

    @inline(__always)
    private static func agreement(_ needle: Span<UInt8>, _ text: Span<UInt8>, at position: Int) -> Int {
        var index = 0
        while index < needle.count, text[position + index] == needle[index] { index += 1 }
        return index
    }

    /// - Cost: linear in both; a word a byte of the needle.
    /// - Source: Knuth, Morris and Pratt, "Fast Pattern Matching in Strings", SIAM J. Comput. 1977.
    private static func findLinearly(
        _ needle: Span<UInt8>, in text: Span<UInt8>, from start: Int
    ) -> Int? {
        // How much of the needle's beginning ends at each of its bytes.
        var borders = [Int](repeating: 0, count: needle.count)
        var length = 0
        for index in 1..<max(1, needle.count) {
            while length > 0, needle[index] != needle[length] { length = borders[length - 1] }
            if needle[index] == needle[length] { length += 1 }
            borders[index] = length
        }
        var matched = 0
        for position in start..<max(start, text.count) {
            while matched > 0, text[position] != needle[matched] { matched = borders[matched - 1] }
            if text[position] == needle[matched] { matched += 1 }
            if matched == needle.count { return position + 1 - matched }
        }
        return nil
    }

    @inline(__always)
    static func matches(_ needle: Span<UInt8>, in text: Span<UInt8>, at position: Int) -> Bool {
        guard text.count - position >= needle.count else { return false }
        for index in 0..<needle.count where text[position + index] != needle[index] { return false }
        return true
    }

    static func isASCII(_ text: Span<UInt8>) -> Bool {
        var all: UInt8 = 0
        for index in 0..<text.count { all |= text[index] }
        return all < 0x80
    }

    static func string(_ text: Span<UInt8>) -> String {
        String(decoding: [UInt8](copying: text), as: UTF8.self)
    }

    static func appendLowercased(_ text: Span<UInt8>, to buffer: inout [UInt8]) {
        guard isASCII(text) else { return buffer.append(contentsOf: string(text).lowercased().utf8) }
        for index in 0..<text.count {
            let byte = text[index]
            buffer.append(byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte)
        }
    }

    static func appendUppercased(_ text: Span<UInt8>, to buffer: inout [UInt8]) {
        guard isASCII(text) else { return buffer.append(contentsOf: string(text).uppercased().utf8) }
        for index in 0..<text.count {
            let byte = text[index]
            buffer.append(byte >= 0x61 && byte <= 0x7A ? byte & 0xDF : byte)
        }
    }
}
