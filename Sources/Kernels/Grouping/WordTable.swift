import Columnar

/// An open-addressing table from rows of words to numbers counted from zero.
///
/// - Order: numbers are given in the order in which rows first appear.
/// - Cost: one multiplication and about 1.5 probes a row; doubles at half full.
struct WordTable {
    private let width: Int
    /// The words of every known row, `width` each.
    private var known: [UInt64] = []
    private var hashes: [UInt64] = []
    /// A number, or -1.
    private var slots: [Int32] = [Int32](repeating: -1, count: 256)

    /// Rows of at least two words; for one there is `SingleWordTable`.
    init(width: Int) {
        precondition(width > 1)
        self.width = width
    }

    var count: Int { hashes.count }
    var byteCount: Int { known.capacity * 8 + hashes.capacity * 8 + slots.capacity * 4 }

    /// The number of each row; unknown rows get new ones.
    ///
    /// - Shapes: `width` arrays, each with a word a row.
    mutating func numbers(of words: [[UInt64]]) -> [Int32] {
        let (rows, rowHashes) = transposed(words)
        let rowCount = rowHashes.count
        var result = [Int32](repeating: 0, count: rowCount)
        for row in 0..<rowCount {
            let hash = rowHashes[row]
            var mask = slots.count &- 1
            var slot = Int(truncatingIfNeeded: hash) & mask
            while true {
                let number = slots[slot]
                if number < 0 {
                    if count &* 2 >= slots.count {
                        grow()
                        mask = slots.count &- 1
                        slot = Int(truncatingIfNeeded: hash) & mask
                        continue
                    }
                    result[row] = Int32(truncatingIfNeeded: count)
                    slots[slot] = result[row]
                    known.append(contentsOf: rows[(row * width)..<(row * width + width)])
                    hashes.append(hash)
                    break
                }
                if hashes[Int(number)] == hash, isSame(Int(number), rows, row) {
                    result[row] = number
                    break
                }
                slot = (slot &+ 1) & mask
            }
        }
        return result
    }

    /// The number of each row, or -1; adds none. Shapes as for `numbers`.
    func find(_ words: [[UInt64]]) -> [Int32] {
        let (rows, rowHashes) = transposed(words)
        let mask = slots.count &- 1
        var result = [Int32](repeating: -1, count: rowHashes.count)
        for row in 0..<rowHashes.count {
            let hash = rowHashes[row]
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] >= 0 {
                let number = Int(slots[slot])
                if hashes[number] == hash, isSame(number, rows, row) {
                    result[row] = slots[slot]
                    break
                }
                slot = (slot &+ 1) & mask
            }
        }
        return result
    }

    /// Rows side by side, so that a probe compares neighbouring words, and the hash of each.
    private func transposed(_ words: [[UInt64]]) -> (rows: [UInt64], hashes: [UInt64]) {
        precondition(words.count == width)
        let rowCount = words[0].count
        var rows = [UInt64](repeating: 0, count: rowCount * width)
        var rowHashes = [UInt64](repeating: ColumnHash.seed, count: rowCount)
        for (place, column) in words.enumerated() {
            precondition(column.count == rowCount)
            for row in 0..<rowCount {
                let word = column[row]
                rows[row &* width &+ place] = word
                rowHashes[row] = ColumnHash.combined(rowHashes[row], word)
            }
        }
        return (rows, rowHashes)
    }

    @inline(__always)
    private func isSame(_ number: Int, _ rows: [UInt64], _ row: Int) -> Bool {
        var difference: UInt64 = 0
        for place in 0..<width { difference |= known[number &* width &+ place] ^ rows[row &* width &+ place] }
        return difference == 0
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        let mask = slots.count - 1
        for (number, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] >= 0 { slot = (slot &+ 1) & mask }
            slots[slot] = Int32(truncatingIfNeeded: number)
        }
    }
}
