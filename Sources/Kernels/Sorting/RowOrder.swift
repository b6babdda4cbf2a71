package import Columnar

/// Orders rows by key columns: numbers, nulls and the first eight bytes of text as words that compare as unsigned
/// integers, longer text by its bytes.
///
/// - Order: total; rows with equal keys keep their order.
/// - Cost: two words a key and row; sorting compares words and follows heaps only where the words agree.
package struct RowOrder {
    private struct Key {
        /// Null rank, then the value's word; both already turned round for descending keys.
        var ranks: [UInt8]?
        var words: [UInt64]
        /// The low half of 128-bit values.
        var lowWords: [UInt64]?
        /// Decides where the words agree.
        var text: StringColumn?
        var nested: Column?
        var isDescending: Bool
    }
    private let keys: [Key]
    package let rowCount: Int

    package init(_ columns: [Column], _ directions: [SortDirection], rowCount: Int) {
        precondition(columns.count == directions.count)
        self.rowCount = rowCount
        keys = zip(columns, directions).map { Self.key($0.flattened(), $1) }
    }

    private static func key(_ column: Column, _ direction: SortDirection) -> Key {
        let count = column.count
        var ranks: [UInt8]?
        if column.mayHaveNulls {
            let validity = column.validityBits()
            let ofNull: UInt8 = direction.nullsFirst ? 0 : 2
            ranks = (0..<count).map { validity[$0] ? 1 : ofNull }
        }
        var key = Key(
            ranks: ranks, words: [], lowWords: nil, text: nil, nested: nil,
            isDescending: direction.isDescending)
        switch column.values {
        case .boolean(let bits): key.words = (0..<count).map { bits[$0] ? 1 : 0 }
        case .int32(let items): key.words = items.map { flipped(Int64($0)) }
        case .int64(let items): key.words = items.map { flipped($0) }
        case .int128(let items): wide(items, &key)
        case .interval(let items): wide(items.map(\.approximateMicroseconds), &key)
        case .float(let items): key.words = items.map { ordered(Double($0)) }
        case .double(let items): key.words = items.map { ordered($0) }
        case .string(let strings):
            key.words = (0..<count).map { prefix(strings, $0) }
            key.text = strings
        case .constant(.null): key.words = [UInt64](repeating: 0, count: count)
        default:
            key.words = [UInt64](repeating: 0, count: count)
            key.nested = column
        }
        if direction.isDescending {
            key.words = key.words.map { ~$0 }
            key.lowWords = key.lowWords?.map { ~$0 }
        }
        if let ranks {
            // What lies under a null must not decide anything.
            for row in 0..<count where ranks[row] != 1 {
                key.words[row] = 0
                key.lowWords?[row] = 0
            }
        }
        return key
    }

    private static func wide(_ items: [Int128], _ key: inout Key) {
        key.words = items.map { flipped(Int64(truncatingIfNeeded: $0 >> 64)) }
        key.lowWords = items.map { UInt64(truncatingIfNeeded: $0) }
    }

    @inline(__always)
    private static func flipped(_ value: Int64) -> UInt64 { UInt64(bitPattern: value) ^ (1 << 63) }

    /// NaN is the largest; both zeros are one.
    @inline(__always)
    private static func ordered(_ value: Double) -> UInt64 {
        let bits = ColumnHash.canonical(value)
        return bits >> 63 == 1 ? ~bits : bits | 1 << 63
    }

    /// The first eight bytes as a big-endian number.
    private static func prefix(_ strings: StringColumn, _ row: Int) -> UInt64 {
        let view = strings.views[row]
        if view.isInline {
            return (UInt64(view.prefix) | view.tail << 32).byteSwapped
        }
        return strings.withBytes(at: row) { StringColumn.load($0, 0, 8).byteSwapped }
    }

    /// Negative, zero or positive; the other row may belong to another order of the same key types.
    package func compare(_ row: Int, _ other: RowOrder, _ otherRow: Int) -> Int {
        for index in keys.indices {
            let order = Self.compare(keys[index], row, other.keys[index], otherRow)
            if order != 0 { return order }
        }
        return 0
    }

    @inline(__always)
    private static func compare(_ left: Key, _ row: Int, _ right: Key, _ otherRow: Int) -> Int {
        let first = left.ranks?[row] ?? 1
        let second = right.ranks?[otherRow] ?? 1
        if first != second { return first < second ? -1 : 1 }
        if first != 1 { return 0 }
        if left.words[row] != right.words[otherRow] {
            return left.words[row] < right.words[otherRow] ? -1 : 1
        }
        if let low = left.lowWords, let otherLow = right.lowWords {
            return low[row] == otherLow[otherRow] ? 0 : low[row] < otherLow[otherRow] ? -1 : 1
        }
        var order = 0
        if let text = left.text, let otherText = right.text {
            order = text.compare(row, otherText, otherRow)
        } else if let nested = left.nested, let otherNested = right.nested {
            order = nested.scalar(at: row).order(comparedTo: otherNested.scalar(at: otherRow))
        }
        return left.isDescending ? -order : order
    }

    /// The rows in order.
    package func sortedRows() -> [Int32] {
        let all = (0..<Int32(truncatingIfNeeded: rowCount)).map { $0 }
        guard let first = keys.first else { return all }
        // The first key's rank and word travel with the row, so that most comparisons touch nothing else.
        let isExact = keys.count == 1 && first.text == nil && first.nested == nil && first.lowWords == nil
        var entries = all.map { row in
            Entry(rank: first.ranks?[Int(row)] ?? 1, row: row, word: first.words[Int(row)])
        }
        entries.sort { left, right in
            if left.rank != right.rank { return left.rank < right.rank }
            if left.word != right.word { return left.word < right.word }
            if !isExact {
                let order = compare(Int(left.row), self, Int(right.row))
                if order != 0 { return order < 0 }
            }
            return left.row < right.row
        }
        return entries.map(\.row)
    }

    private struct Entry {
        var rank: UInt8
        var row: Int32
        var word: UInt64
    }
}
