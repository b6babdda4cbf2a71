import Columnar

/// Packs a byte a row (0 or 1) into a bit a row, eight rows a multiplication.
///
/// A loop that writes bytes becomes SIMD; one that shifts bits into words does not.
enum PackedBits {
    /// Bytes to hold `count` flags in whole words of 64.
    static func paddedCount(_ count: Int) -> Int { (count + 63) & ~63 }

    /// - Shapes: `flags` holds `paddedCount(count)` bytes, each 0 or 1; those behind `count` are ignored.
    static func pack(_ flags: [UInt8], count: Int) -> Bitmap {
        precondition(flags.count == paddedCount(count))
        var words = [UInt64](repeating: 0, count: flags.count / 64)
        var output = words.mutableSpan
        // SAFETY: bytes have no padding, so every byte of the array is initialised.
        let bytes = unsafe flags.span.bytes
        for index in 0..<output.count {
            var word: UInt64 = 0
            for part in 0..<8 {
                // SAFETY: index < flags.count / 64 and part < 8, so the eight bytes lie inside `flags`.
                let eight = unsafe bytes.unsafeLoadUnaligned(
                    fromByteOffset: index * 64 + part * 8, as: UInt64.self)
                // Each factor bit moves one flag to its place in the top byte.
                word |= ((eight.littleEndian &* 0x0102_0408_1020_4080) >> 56) << UInt64(part * 8)
            }
            output[index] = word
        }
        return Bitmap(words: words, count: count)
    }
}
