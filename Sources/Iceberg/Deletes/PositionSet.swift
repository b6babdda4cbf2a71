/// Positions of deleted rows in one data file, in chunks of 65,536 as a roaring bitmap has them.
///
///     key (position >> 16)    0         1              7
///     container               [3, 9]    1,024 words    runs (start, length - 1)
///
/// - Order: keys ascend; so do the entries of a container.
package struct PositionSet: Sendable, Hashable {
    /// The low 16 bits of the positions of one chunk.
    package enum Container: Sendable, Hashable {
        case array([UInt16])
        /// 1,024 words, lowest bit first.
        case bits([UInt64])
        /// Start and length - 1, in turns.
        case runs([UInt16])
    }

    package private(set) var keys: [Int64] = []
    private var containers: [Container] = []
    package private(set) var count: Int64 = 0

    package init() {}

    /// The highest one.
    package var last: Int64? {
        guard let key = keys.last, let container = containers.last else { return nil }
        let low: Int? =
            switch container {
            case .array(let lows): lows.last.map { Int($0) }
            case .bits(let words):
                words.lastIndex { $0 != 0 }.map { $0 << 6 + 63 - words[$0].leadingZeroBitCount }
            case .runs(let runs): runs.count < 2 ? nil : Int(runs[runs.count - 2]) + Int(runs[runs.count - 1])
            }
        return low.map { key << 16 + Int64($0) }
    }

    /// In any order; repeated positions count once.
    ///
    /// - Returns: nil when one is negative.
    package init?(_ positions: [Int64]) {
        let sorted =
            zip(positions, positions.dropFirst()).allSatisfy { $0 < $1 } ? positions : positions.sorted()
        if let first = sorted.first, first < 0 { return nil }
        var start = 0
        while start < sorted.count {
            let key = sorted[start] >> 16
            var lows: [UInt16] = []
            while start < sorted.count, sorted[start] >> 16 == key {
                let low = UInt16(truncatingIfNeeded: sorted[start])
                if lows.last != low { lows.append(low) }
                start += 1
            }
            append(key, lows.count <= 4096 ? .array(lows) : .bits(Self.words(of: lows)), count: lows.count)
        }
    }

    private static func words(of lows: [UInt16]) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: 1024)
        for low in lows { words[Int(low) >> 6] |= 1 << UInt64(low & 63) }
        return words
    }

    /// `key` is above all keys before; the container holds `count` positions and keeps the order.
    mutating func append(_ key: Int64, _ container: Container, count added: Int) {
        precondition(keys.last.map { $0 < key } ?? true)
        keys.append(key)
        containers.append(container)
        count += Int64(added)
    }

    /// Memory of the set.
    package var byteCount: Int {
        containers.reduce(keys.count * 24) { total, container in
            switch container {
            case .array(let lows), .runs(let lows): total + lows.count * 2
            case .bits(let words): total + words.count * 8
            }
        }
    }

    /// Sets the bits of the positions in `base..<base + count` in words that begin at `base`. Answers whether there
    /// was one.
    package func mark(_ words: inout [UInt64], base: Int64, count: Int) -> Bool {
        precondition(words.count == (count + 63) / 64 && base >= 0)
        let end = base + Int64(count)
        var index = keys.partitionIndex { $0 < base >> 16 }
        var found = false
        while index < keys.count, keys[index] << 16 < end {
            let start = keys[index] << 16
            // The part of the chunk that the rows overlap, as low bits.
            let low = Int(max(base - start, 0))
            let high = Int(min(end - start, 65_536))
            let shift = Int(start - base)
            found = Self.mark(containers[index], low..<high, &words, shift) || found
            index += 1
        }
        return found
    }

    private static func mark(
        _ container: Container, _ range: Range<Int>, _ words: inout [UInt64], _ shift: Int
    ) -> Bool {
        var found = false
        func set(_ low: Int) {
            let row = low + shift
            words[row >> 6] |= 1 << UInt64(row & 63)
            found = true
        }
        switch container {
        case .array(let lows):
            var index = lows.partitionIndex { Int($0) < range.lowerBound }
            while index < lows.count, Int(lows[index]) < range.upperBound {
                set(Int(lows[index]))
                index += 1
            }
        case .bits(let bits):
            for word in (range.lowerBound >> 6)..<((range.upperBound + 63) >> 6) {
                var rest = bits[word]
                while rest != 0 {
                    let low = word << 6 + rest.trailingZeroBitCount
                    if range.contains(low) { set(low) }
                    rest &= rest &- 1
                }
            }
        case .runs(let runs):
            for index in stride(from: 0, to: runs.count - 1, by: 2) {
                let start = max(Int(runs[index]), range.lowerBound)
                let end = min(Int(runs[index]) + Int(runs[index + 1]) + 1, range.upperBound)
                if start < end { for low in start..<end { set(low) } }
            }
        }
        return found
    }

    package func contains(_ position: Int64) -> Bool {
        var words: [UInt64] = [0]
        return position >= 0 && mark(&words, base: position, count: 1)
    }
}

extension Array {
    /// The first index whose element does not satisfy the condition, which holds for a prefix.
    fileprivate func partitionIndex(where isBefore: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
