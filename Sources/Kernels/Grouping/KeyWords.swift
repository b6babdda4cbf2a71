import Columnar

/// A key column as words of 64 bits that are equal exactly when the values are.
///
///     int, long, date, time, decimal(18), boolean, float, double   | value            |
///     decimal(38), interval                                        | low    | high    |
///     string, up to 12 bytes                                       | the 16-byte view |
///     string, longer; nested values (as JSON)                      | length | number given by the interner |
struct KeyWords {
    /// One array a word; each holds a word a row.
    var words: [[UInt64]]
    /// Null where set to 0; nil when no row is null.
    var validity: Bitmap?

    /// How many words a value of this type takes.
    static func width(of type: DataType) -> Int {
        switch type.physical {
        case .int128, .interval, .string, .list, .map, .structure: 2
        case .null, .boolean, .int32, .int64, .float, .double: 1
        }
    }

    /// - Nulls: words of null rows are zero.
    init(_ column: Column, interner: inout BytesInterner) {
        validity = column.mayHaveNulls ? column.validityBits() : nil
        let count = column.count
        if case .constant(.null) = column.values {
            words = [[UInt64]](
                repeating: [UInt64](repeating: 0, count: count), count: Self.width(of: column.type))
            return
        }
        switch column.flattened().values {
        case .boolean(let bits): words = [(0..<count).map { bits[$0] ? 1 : 0 }]
        case .int32(let items): words = [items.map { UInt64(bitPattern: Int64($0)) }]
        case .int64(let items): words = [items.map { UInt64(bitPattern: $0) }]
        case .int128(let items):
            words = [
                items.map { UInt64(truncatingIfNeeded: $0) },
                items.map { UInt64(truncatingIfNeeded: $0 >> 64) },
            ]
        case .float(let items): words = [items.map { ColumnHash.canonical(Double($0)) }]
        case .double(let items): words = [items.map { ColumnHash.canonical($0) }]
        case .interval(let items):
            words = [
                items.map { UInt64(truncatingIfNeeded: $0.approximateMicroseconds) },
                items.map { UInt64(truncatingIfNeeded: $0.approximateMicroseconds >> 64) },
            ]
        case .string(let strings): words = Self.views(strings, validity, &interner)
        case .list, .map, .structure: words = Self.nested(column, validity, &interner)
        case .constant, .dictionary: preconditionFailure("flattened columns are flat")
        }
        guard let validity else { return }
        for row in 0..<count where !validity[row] {
            for word in words.indices { words[word][row] = 0 }
        }
    }

    private static func views(
        _ strings: StringColumn, _ validity: Bitmap?, _ interner: inout BytesInterner
    ) -> [[UInt64]] {
        var heads = [UInt64](repeating: 0, count: strings.count)
        var tails = heads
        for row in 0..<strings.count {
            let view = strings.views[row]
            heads[row] = view.head
            tails[row] = view.tail
            if !view.isInline, validity?[row] ?? true {
                let number = strings.withBytes(at: row) { interner.number(of: $0) }
                tails[row] = UInt64(truncatingIfNeeded: number)
            }
        }
        return [heads, tails]
    }

    private static func nested(
        _ column: Column, _ validity: Bitmap?, _ interner: inout BytesInterner
    ) -> [[UInt64]] {
        var lengths = [UInt64](repeating: 0, count: column.count)
        var numbers = lengths
        var buffer: [UInt8] = []
        let column = column.equalForm
        for row in 0..<column.count where validity?[row] ?? true {
            buffer.removeAll(keepingCapacity: true)
            JSONRendering.append(column, row, to: &buffer)
            lengths[row] = UInt64(buffer.count)
            numbers[row] = UInt64(truncatingIfNeeded: interner.number(of: buffer.span))
        }
        return [lengths, numbers]
    }
}

/// Gives equal byte strings equal numbers, counted from zero.
struct BytesInterner {
    private var strings = StringColumn()
    private var hashes: [UInt64] = []
    /// Open addressing; a number, or -1.
    private var slots: [Int32] = []
    private var isFrozen = false

    /// A copy that knows no more strings than this one: unknown ones get -1.
    func frozen() -> BytesInterner {
        var copy = self
        copy.isFrozen = true
        return copy
    }

    var byteCount: Int { strings.byteCount + hashes.count * 8 + slots.count * 4 }

    mutating func number(of bytes: Span<UInt8>) -> Int {
        if isFrozen, slots.isEmpty { return -1 }
        if !isFrozen, hashes.count * 2 >= slots.count { grow() }
        let hash = ColumnHash.bytes(bytes)
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while true {
            let number = Int(slots[slot])
            if number < 0 { break }
            if hashes[number] == hash, isEqual(number, bytes) { return number }
            slot = (slot + 1) & mask
        }
        if isFrozen { return -1 }
        let number = hashes.count
        slots[slot] = Int32(number)
        hashes.append(hash)
        strings.append(bytes)
        return number
    }

    private func isEqual(_ number: Int, _ bytes: Span<UInt8>) -> Bool {
        strings.withBytes(at: number) { known in
            known.count == bytes.count && UTF8Text.matches(bytes, in: known, at: 0)
        }
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: max(64, slots.count * 2))
        let mask = slots.count - 1
        for (number, hash) in hashes.enumerated() {
            var slot = Int(truncatingIfNeeded: hash) & mask
            while slots[slot] >= 0 { slot = (slot + 1) & mask }
            slots[slot] = Int32(number)
        }
    }
}
