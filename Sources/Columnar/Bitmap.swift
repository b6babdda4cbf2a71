/// A row of bits: validity (1 = not null) or boolean values.
///
/// - Shapes: `words` holds `count` bits, lowest first; bits behind `count` are zero, so that words can be counted and
///   compared whole.
package struct Bitmap: Sendable, Hashable {
    package private(set) var words: [UInt64]
    package private(set) var count: Int

    package init() {
        words = []
        count = 0
    }

    package init(repeating value: Bool, count: Int) {
        words = [UInt64](repeating: value ? .max : 0, count: (count + 63) / 64)
        self.count = count
        clearTail()
    }

    /// Takes whole words; bits behind `count` are cleared.
    package init(words: [UInt64], count: Int) {
        precondition(words.count == (count + 63) / 64)
        self.words = words
        self.count = count
        clearTail()
    }

    package init(_ bits: some Sequence<Bool>) {
        self.init()
        for bit in bits { append(bit) }
    }

    private mutating func clearTail() {
        if count & 63 != 0 { words[words.count - 1] &= (1 << UInt64(count & 63)) - 1 }
    }

    package subscript(index: Int) -> Bool {
        // Inlined into the kernels' loops over rows.
        @inlinable get { words[index >> 6] >> UInt64(index & 63) & 1 == 1 }
        set { set(index, to: newValue) }
    }

    mutating func set(_ index: Int, to value: Bool) {
        precondition(index >= 0 && index < count)
        let bit = UInt64(1) << UInt64(index & 63)
        if value { words[index >> 6] |= bit } else { words[index >> 6] &= ~bit }
    }

    package mutating func append(_ value: Bool) {
        if count & 63 == 0 { words.append(0) }
        if value { words[count >> 6] |= 1 << UInt64(count & 63) }
        count += 1
    }

    package mutating func append(repeating value: Bool, count added: Int) {
        var left = added
        while left > 0, count & 63 != 0 {
            append(value)
            left -= 1
        }
        words.append(contentsOf: repeatElement(value ? UInt64.max : 0, count: (left + 63) / 64))
        count += left
        clearTail()
    }

    package mutating func append(contentsOf other: Bitmap) {
        if count & 63 == 0 {
            words.append(contentsOf: other.words)
            count += other.count
        } else {
            for index in 0..<other.count { append(other[index]) }
        }
    }

    /// How many bits are set.
    package var setCount: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    package var isAllSet: Bool { setCount == count }

    package func slice(_ range: Range<Int>) -> Bitmap {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        if range.lowerBound == 0, range.upperBound == count { return self }
        var result = [UInt64](repeating: 0, count: (range.count + 63) / 64)
        let shift = UInt64(range.lowerBound & 63)
        let first = range.lowerBound >> 6
        for index in result.indices {
            result[index] = words[first + index] >> shift
            if shift > 0, first + index + 1 < words.count {
                result[index] |= words[first + index + 1] << (64 - shift)
            }
        }
        return Bitmap(words: result, count: range.count)
    }

    package func gather(_ rows: [Int32]) -> Bitmap {
        var result = [UInt64](repeating: 0, count: (rows.count + 63) / 64)
        let source = words.span
        for (position, row) in rows.enumerated() {
            let bit = source[Int(row) >> 6] >> UInt64(row & 63) & 1
            result[position >> 6] |= bit << UInt64(position & 63)
        }
        return Bitmap(words: result, count: rows.count)
    }

    /// Combines word by word; both have the same count. `combine` must give 0 for (0, 0).
    package func combined(with other: Bitmap, _ combine: (UInt64, UInt64) -> UInt64) -> Bitmap {
        precondition(count == other.count)
        var result = words
        for index in result.indices { result[index] = combine(words[index], other.words[index]) }
        return Bitmap(words: result, count: count)
    }

    package static func & (left: Bitmap, right: Bitmap) -> Bitmap { left.combined(with: right) { $0 & $1 } }
    package static func | (left: Bitmap, right: Bitmap) -> Bitmap { left.combined(with: right) { $0 | $1 } }
    package static prefix func ~ (bits: Bitmap) -> Bitmap {
        Bitmap(words: bits.words.map { ~$0 }, count: bits.count)
    }

    /// The positions of the set bits, ascending.
    package var setIndices: [Int32] {
        var result: [Int32] = []
        result.reserveCapacity(setCount)
        for (position, word) in words.enumerated() {
            var rest = word
            while rest != 0 {
                result.append(Int32(truncatingIfNeeded: position << 6 + rest.trailingZeroBitCount))
                rest &= rest &- 1
            }
        }
        return result
    }
}

/// Intersects two validities, where nil means that nothing is null.
package func intersect(_ left: Bitmap?, _ right: Bitmap?) -> Bitmap? {
    switch (left, right) {
    case (nil, let other), (let other, nil): other
    case (let left?, let right?): left & right
    }
}
