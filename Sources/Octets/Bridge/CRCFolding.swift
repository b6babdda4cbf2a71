import CChecksum

/// Shortens bytes to sixteen that a reflected check tells nothing apart from, many times faster than tables do.
///
/// Source: Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel, 2009.
struct CRCFolding: Sendable {
    private let powers: firn_fold_powers

    /// Below this, tables are as fast.
    static let leastBytes = 128

    /// `polynomial` is given with its bits reversed, in the upper bits of the word if it has fewer than 64.
    init<Word: FixedWidthInteger & UnsignedInteger>(polynomial: Word) {
        func power(_ exponent: Int) -> UInt64 {
            // Reflected: the lowest power, x^0, is the highest bit.
            var value: Word = 1 << Word(Word.bitWidth - 1)
            for _ in 0..<exponent { value = value & 1 == 1 ? (value >> 1) ^ polynomial : value >> 1 }
            return UInt64(truncatingIfNeeded: value) << UInt64(64 - Word.bitWidth)
        }
        powers = firn_fold_powers(
            far_low: power(575), far_high: power(511), near_low: power(191), near_high: power(127))
    }

    /// How many bytes from the front were taken, and the sixteen in their place, to be checked with an empty register.
    /// Nil where there are too few, or the processor cannot.
    func fold(_ bytes: Span<UInt8>, register: UInt64) -> (taken: Int, rest: [16 of UInt8])? {
        guard bytes.count >= Self.leastBytes else { return nil }
        var rest: [16 of UInt8] = .init(repeating: 0)
        var powers = powers
        // SAFETY: the span is live for the call, which writes the 16 bytes that `rest` has.
        let taken = unsafe bytes.withUnsafeBufferPointer { source in
            unsafe withUnsafeMutableBytes(of: &rest) { target in
                unsafe firn_fold(
                    source.baseAddress, source.count, register, &powers,
                    target.baseAddress?.assumingMemoryBound(to: UInt8.self))
            }
        }
        return taken == 0 ? nil : (taken, rest)
    }
}
