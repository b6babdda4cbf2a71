import Columnar

/// One sort key as words that compare as unsigned integers, a lane a word.
///
/// Every key has a lane of null ranks: whether a batch has nulls must not change how many words a row takes.
struct SortKeyWords {
    private(set) var lanes: [[UInt64]]
    /// Decides where the words agree: they hold only the first eight bytes.
    private(set) var text: StringColumn?
    private(set) var nested: Column?

    /// `column` is flat.
    init(_ column: Column, _ direction: SortDirection) {
        let count = column.count
        let validity = column.mayHaveNulls ? column.validityBits() : nil
        lanes = Self.values(column)
        if case .string(let strings) = column.values { text = strings }
        if column.type.isNested { nested = column }
        if direction.isDescending { lanes = lanes.map { $0.map { ~$0 } } }
        let ofNull: UInt64 = direction.nullsFirst ? 0 : 2
        var ranks = [UInt64](repeating: 1, count: count)
        if let validity {
            for row in 0..<count where !validity[row] {
                ranks[row] = ofNull
                // What lies under a null must not decide anything.
                for lane in lanes.indices { lanes[lane][row] = 0 }
            }
            if text != nil { text = Self.emptied(text, validity) }
        }
        lanes.insert(ranks, at: 0)
    }

    private static func emptied(_ strings: StringColumn?, _ validity: Bitmap) -> StringColumn? {
        guard var strings else { return nil }
        for row in 0..<strings.count where !validity[row] { strings.views[row] = .empty }
        return strings
    }

    private static func values(_ column: Column) -> [[UInt64]] {
        let count = column.count
        switch column.values {
        case .boolean(let bits): return [(0..<count).map { bits[$0] ? 1 : 0 }]
        case .int32(let items): return [items.map { flipped(Int64($0)) }]
        case .int64(let items): return [items.map { flipped($0) }]
        case .int128(let items): return wide(items)
        case .interval(let items): return wide(items.map(\.approximateMicroseconds))
        case .float(let items): return [items.map { ordered(Double($0)) }]
        case .double(let items): return [items.map { ordered($0) }]
        case .string(let strings): return [(0..<count).map { prefix(strings, $0) }]
        default: return [[UInt64](repeating: 0, count: count)]
        }
    }

    private static func wide(_ items: [Int128]) -> [[UInt64]] {
        [
            items.map { flipped(Int64(truncatingIfNeeded: $0 >> 64)) },
            items.map { UInt64(truncatingIfNeeded: $0) },
        ]
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
        if view.isInline { return (UInt64(view.prefix) | view.tail << 32).byteSwapped }
        return strings.withBytes(at: row) { StringColumn.load($0, 0, 8).byteSwapped }
    }
}
