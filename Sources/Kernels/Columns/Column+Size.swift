package import Columnar

extension Column {
    /// Bytes the column keeps alive, heaps shared with others included.
    package var byteCount: Int {
        let bits = validity.map { $0.words.count * 8 } ?? 0
        return switch values {
        case .boolean(let items): bits + items.words.count * 8
        case .int32(let items): bits + items.count * 4
        case .int64(let items): bits + items.count * 8
        case .int128(let items): bits + items.count * 16
        case .float(let items): bits + items.count * 4
        case .double(let items): bits + items.count * 8
        case .interval(let items): bits + items.count * 16
        case .string(let strings): bits + strings.byteCount
        case .list(let offsets, let element): bits + offsets.count * 4 + element.byteCount
        case .map(let offsets, let keys, let values):
            bits + offsets.count * 4 + keys.byteCount + values.byteCount
        case .structure(let fields): fields.reduce(bits) { $0 + $1.byteCount }
        case .constant(let scalar): bits + 64 + scalar.byteCount
        case .dictionary(let indices, let values): bits + indices.count * 4 + values.byteCount
        }
    }

    /// The same rows; strings get a heap of their own, so that a few rows do not keep a whole file's text alive. Where rows
    /// share texts, and heaps of their own would be the larger, they keep sharing.
    package func compacted() -> Column {
        guard case .string(let strings) = values, !strings.heaps.isEmpty else { return self }
        let copiedBytes = strings.views.reduce(0) { $0 + ($1.isInline ? 0 : $1.length) }
        if copiedBytes > strings.heaps.reduce(0, { $0 + $1.count }) { return self }
        var copy = StringColumn()
        copy.views.reserveCapacity(strings.count)
        for row in 0..<strings.count { strings.withBytes(at: row) { copy.append($0) } }
        return Column(type, count: count, .string(copy), validity: validity)
    }
}
