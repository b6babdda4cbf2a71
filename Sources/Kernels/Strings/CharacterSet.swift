import Columnar

/// The characters that trim takes away: found in constant time, however many there are.
struct CharacterSet {
    /// A bit for each of ASCII.
    private var ascii: (low: UInt64, high: UInt64) = (0, 0)
    /// The bytes of the others, the first in the highest place.
    private var others = Set<UInt32>()
    private var source: [UInt8] = []

    /// Takes the characters of `text` instead of those it had.
    mutating func fill(_ text: Span<UInt8>, _ watch: inout StepWatch) throws(KernelError) {
        if UTF8Text.isSame(text, source.span) { return }
        self = CharacterSet()
        var start = 0
        while start < text.count {
            try watch.step()
            var end = start + 1
            while end < text.count, !UTF8Text.isStart(text[end]) { end += 1 }
            insert(Self.word(text.extracting(start..<end)))
            start = end
        }
        source = [UInt8](copying: text)
    }

    @inline(__always)
    func contains(_ character: Span<UInt8>) -> Bool {
        let word = Self.word(character)
        guard word < 128 else { return others.contains(word) }
        return (word < 64 ? ascii.low : ascii.high) >> UInt64(word & 63) & 1 == 1
    }

    private mutating func insert(_ word: UInt32) {
        switch word {
        case 0..<64: ascii.low |= 1 << UInt64(word)
        case 64..<128: ascii.high |= 1 << UInt64(word & 63)
        default: others.insert(word)
        }
    }

    @inline(__always)
    private static func word(_ character: Span<UInt8>) -> UInt32 {
        var word: UInt32 = 0
        for index in 0..<character.count { word = word << 8 | UInt32(character[index]) }
        return word
    }
}
