#if canImport(Glibc)
    import Glibc
#endif

/// Searches of bytes by the C library, which looks at many at a time.
enum ByteSearch {
    /// The first place of `needle`, which is not empty, in `text`; nil where there is none.
    static func first(_ needle: Span<UInt8>, in text: Span<UInt8>) -> Int? {
        let last = text.count - needle.count
        guard last >= 0 else { return nil }
        let head = CInt(needle[0])
        // SAFETY: `position <= last`, so that as many bytes as the needle has lie behind it in the text.
        return unsafe text.withUnsafeBytes { text -> Int? in
            unsafe needle.withUnsafeBytes { needle -> Int? in
                guard let base = text.baseAddress, let wanted = needle.baseAddress else { return nil }
                var position = 0
                while position <= last {
                    guard let found = unsafe memchr(base + position, head, last - position + 1) else {
                        return nil
                    }
                    position = unsafe UnsafeRawPointer(found) - base
                    if unsafe memcmp(base + position, wanted, needle.count) == 0 { return position }
                    position += 1
                }
                return nil
            }
        }
    }
}
