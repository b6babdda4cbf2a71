package import Columnar

/// Which whole numbers are among a join's held keys: never no for one that is, rarely yes for one that is not.
///
///     few values lie between       | a bit for each value from the least to the most           |
///     many do (Bloom)              | two bits of one word a key, both chosen by the key's hash |
///
/// - Nulls: a null is no key.
/// - Source: the blocks of one word are those of Putze, Sanders and Singler, "Cache-, Hash- and Space-Efficient Bloom
///   Filters", 2007.
package struct KeyFilter: Sendable {
    private enum Form { case values, bloom }
    /// The least and the most of the keys as values of their type; nil when there is none.
    package let bounds: (least: Scalar, most: Scalar)?
    private let least: Int64
    /// The most less the least.
    private let span: UInt64
    private let form: Form
    private let words: [UInt64]

    /// More keys than this are no good filter: it would be larger than the caches.
    package static let keyLimit = 4 << 20
    private static let bitsPerKey = 16

    package static func isFor(_ type: DataType) -> Bool {
        switch type.physical {
        case .int32, .int64: true
        default: false
        }
    }

    /// What a filter of so many keys takes at most.
    package static func byteCount(keys: Int) -> Int { max(1 << 16, 4 * keys * bitsPerKey / 8) }

    /// - Parameter parts: All keys.
    package init(_ parts: [Column]) {
        let values = parts.map(Self.values)
        let count = values.reduce(0) { $0 + $1.count }
        var (least, most) = (Int64.max, Int64.min)
        for part in values {
            for value in part {
                least = min(least, value)
                most = max(most, value)
            }
        }
        guard count > 0, let type = parts.first?.type else {
            (bounds, self.least, span, form, words) = (nil, 0, 0, .values, [0])
            return
        }
        self.least = least
        let span = UInt64(bitPattern: most &- least)
        self.span = span
        bounds = (Self.scalar(least, type), Self.scalar(most, type))
        if span / 8 < UInt64(Self.byteCount(keys: count)) {
            form = .values
            var words = [UInt64](repeating: 0, count: Int(span >> 6) + 1)
            for part in values {
                for value in part {
                    let place = UInt64(bitPattern: value &- least)
                    words[Int(place >> 6)] |= 1 << (place & 63)
                }
            }
            self.words = words
        } else {
            form = .bloom
            var size = 64
            while size * 64 < count * Self.bitsPerKey { size *= 2 }
            var words = [UInt64](repeating: 0, count: size)
            for part in values {
                for value in part {
                    let (place, bits) = Self.bloomPlace(value, size &- 1)
                    words[place] |= bits
                }
            }
            self.words = words
        }
    }

    /// Of these rows, or of all, the ones whose value may be a key; ascending as they were.
    package func rows(of column: Column, among rows: [Int32]?) -> [Int32] {
        if case .dictionary(let codes, let values) = column.values, values.count < column.count {
            let isKey = hits(values, among: nil, validity: values.validity)
            var passes = [Bool](repeating: false, count: values.count)
            for code in isKey { passes[Int(code)] = true }
            let candidates = rows ?? (0..<Int32(truncatingIfNeeded: column.count)).map { $0 }
            return candidates.filter { row in
                (column.validity?[Int(row)] ?? true) && passes[Int(codes[Int(row)])]
            }
        }
        let flat = column.flattened()
        return hits(flat, among: rows, validity: flat.validity)
    }

    private func hits(_ column: Column, among rows: [Int32]?, validity: Bitmap?) -> [Int32] {
        guard bounds != nil else { return [] }
        let found: [Int32]
        switch column.flattened().values {
        case .int32(let items): found = hits(items, rows)
        case .int64(let items): found = hits(items, rows)
        default: return []
        }
        guard let validity, !validity.isAllSet else { return found }
        return found.filter { validity[Int($0)] }
    }

    private func hits<Value: FixedWidthInteger & FixedValue>(_ items: [Value], _ rows: [Int32]?) -> [Int32] {
        var found = [Int32](repeating: 0, count: rows?.count ?? items.count)
        var count = 0
        do {
            var output = found.mutableSpan
            let input = items.span
            if let rows {
                let rows = rows.span
                for place in 0..<rows.count {
                    let row = rows[place]
                    output[count] = row
                    count &+= mayHold(Int64(input[Int(row)])) ? 1 : 0
                }
            } else {
                for row in 0..<input.count {
                    output[count] = Int32(truncatingIfNeeded: row)
                    count &+= mayHold(Int64(input[row])) ? 1 : 0
                }
            }
        }
        found.removeLast(found.count - count)
        return found
    }

    @inline(__always)
    private func mayHold(_ value: Int64) -> Bool {
        let place = UInt64(bitPattern: value &- least)
        if place > span { return false }
        switch form {
        case .values: return words[Int(place >> 6)] >> (place & 63) & 1 == 1
        case .bloom:
            let (word, bits) = Self.bloomPlace(value, words.count &- 1)
            return words[word] & bits == bits
        }
    }

    @inline(__always)
    private static func bloomPlace(_ value: Int64, _ mask: Int) -> (word: Int, bits: UInt64) {
        let hash = ColumnHash.combined(ColumnHash.seed, UInt64(bitPattern: value))
        return (
            Int(truncatingIfNeeded: hash) & mask, 1 << (hash >> 52 & 63) | 1 << (hash >> 58 & 63)
        )
    }

    private static func values(_ column: Column) -> [Int64] {
        let flat = column.flattened()
        let all: [Int64]
        switch flat.values {
        case .int32(let items): all = items.map { Int64($0) }
        case .int64(let items): all = items
        default: return []
        }
        guard let validity = flat.validity, !validity.isAllSet else { return all }
        return validity.setIndices.map { all[Int($0)] }
    }

    private static func scalar(_ value: Int64, _ type: DataType) -> Scalar {
        if case .int32 = type.physical { return .int(Int32(truncatingIfNeeded: value)) }
        return .long(value)
    }
}
