import Columnar

/// An open-addressing table from words to numbers counted from zero; word and number lie side by side.
///
/// - Order: numbers are given in the order in which words first appear.
/// - Cost: one multiplication and one cache line a row; at most half full.
struct SingleWordTable {
    private struct Slot {
        var word: UInt64
        /// -1 where free.
        var number: Int32
    }
    private static let free = Slot(word: 0, number: -1)
    private var slots = [Slot](repeating: SingleWordTable.free, count: 256)
    private(set) var count = 0

    var byteCount: Int { slots.capacity * MemoryLayout<Slot>.stride }

    /// The number of each word; unknown words get new ones.
    mutating func numbers(of words: [UInt64]) -> [Int32] {
        // Grown before the loop, so that the loop only probes.
        if (count + words.count) * 2 > slots.count { grow(for: count + words.count) }
        return Self.probe(words, &slots, &count)
    }

    private static func probe(_ words: [UInt64], _ slots: inout [Slot], _ count: inout Int) -> [Int32] {
        var result = [Int32](repeating: 0, count: words.count)
        var output = result.mutableSpan
        var table = slots.mutableSpan
        let input = words.span
        let mask = table.count &- 1
        var next = Int32(truncatingIfNeeded: count)
        for row in 0..<input.count {
            let word = input[row]
            var slot = Int(truncatingIfNeeded: ColumnHash.combined(ColumnHash.seed, word)) & mask
            while table[slot].number >= 0, table[slot].word != word { slot = (slot &+ 1) & mask }
            if table[slot].number < 0 {
                table[slot] = Slot(word: word, number: next)
                next &+= 1
            }
            output[row] = table[slot].number
        }
        count = Int(next)
        return result
    }

    /// The number of each word, or -1; adds none.
    func find(_ words: [UInt64]) -> [Int32] {
        var result = [Int32](repeating: -1, count: words.count)
        var output = result.mutableSpan
        let table = slots.span
        let input = words.span
        let mask = table.count &- 1
        for row in 0..<input.count {
            let word = input[row]
            var slot = Int(truncatingIfNeeded: ColumnHash.combined(ColumnHash.seed, word)) & mask
            while table[slot].number >= 0, table[slot].word != word { slot = (slot &+ 1) & mask }
            output[row] = table[slot].number
        }
        return result
    }

    /// Makes room for so many words, at once however many doublings that is.
    private mutating func grow(for wanted: Int) {
        var size = slots.count
        while wanted * 2 > size { size *= 2 }
        var larger = [Slot](repeating: Self.free, count: size)
        Self.move(slots.span, into: &larger)
        slots = larger
    }

    private static func move(_ old: Span<Slot>, into larger: inout [Slot]) {
        var table = larger.mutableSpan
        let mask = table.count &- 1
        for place in 0..<old.count where old[place].number >= 0 {
            let entry = old[place]
            var slot = Int(truncatingIfNeeded: ColumnHash.combined(ColumnHash.seed, entry.word)) & mask
            while table[slot].number >= 0 { slot = (slot &+ 1) & mask }
            table[slot] = entry
        }
    }
}
