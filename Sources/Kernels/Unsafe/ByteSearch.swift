#if canImport(Glibc)
    import Glibc
#endif

/// Searches of bytes by the C library, which looks at many at a time.
///
/// - Cost: linear. In texts made to waste time, where many places begin like the needle, another algorithm takes over.
enum ByteSearch {
    /// The first place of `needle`, which is not empty, in `text`; nil where there is none.
    static func first(_ needle: Span<UInt8>, in text: Span<UInt8>) -> Int? {
        let last = text.count - needle.count
        guard last >= 0 else { return nil }
        switch quick(needle, in: text, last: last) {
        case .found(let position): return position
        case .nowhere: return nil
        case .gaveUp(let position): return linear(needle, in: text, from: position)
        }
    }

    private enum Outcome { case found(Int), nowhere, gaveUp(Int) }

    private static func quick(_ needle: Span<UInt8>, in text: Span<UInt8>, last: Int) -> Outcome {
        let head = CInt(needle[0])
        // SAFETY: `position <= last`, so that as many bytes as the needle has lie behind it in the text.
        return unsafe text.withUnsafeBytes { text -> Outcome in
            unsafe needle.withUnsafeBytes { needle -> Outcome in
                guard let base = text.baseAddress, let wanted = needle.baseAddress else { return .nowhere }
                var position = 0
                // Bytes that comparisons may have looked at in vain.
                var wasted = 0
                while position <= last {
                    guard let found = unsafe memchr(base + position, head, last - position + 1) else {
                        return .nowhere
                    }
                    position = unsafe UnsafeRawPointer(found) - base
                    if unsafe memcmp(base + position, wanted, needle.count) == 0 { return .found(position) }
                    position += 1
                    wasted += needle.count
                    if wasted > 4096 + 8 * position { return .gaveUp(position) }
                }
                return .nowhere
            }
        }
    }

    /// - Source: Knuth, Morris and Pratt, "Fast Pattern Matching in Strings", SIAM J. Comput. 1977.
    private static func linear(_ needle: Span<UInt8>, in text: Span<UInt8>, from start: Int) -> Int? {
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
}
