extension Column {
    /// Bytes of the rows when each is written out by itself, whatever the column shares between them.
    ///
    ///     constant      'xyz' × 8192       8192 times the text
    ///     dictionary    0 0 1 0 …          the text of each row
    ///
    /// What encodes rows takes about so much; `byteCount` is what the column itself takes.
    ///
    /// - Cost: one number for constants, a pass over the lengths of texts.
    package var writtenByteCount: Int {
        switch values {
        case .boolean: count
        case .int32, .float: count * 4
        case .int64, .double: count * 8
        case .int128, .interval: count * 16
        case .string(let strings): strings.writtenByteCount
        case .list(let offsets, let element):
            offsets.count * 4 + element.writtenByteCount(Self.elements(offsets))
        case .map(let offsets, let keys, let values):
            offsets.count * 4 + keys.writtenByteCount(Self.elements(offsets))
                + values.writtenByteCount(Self.elements(offsets))
        case .structure(let fields): fields.reduce(0) { $0 + $1.writtenByteCount }
        case .constant(let scalar): scalar.byteCount.multipliedClamped(by: count)
        case .dictionary(let indices, let values): Self.writtenByteCount(indices, values)
        }
    }

    private static func elements(_ offsets: [Int32]) -> Range<Int> {
        Int(offsets[0])..<Int(offsets[offsets.count - 1])
    }

    private func writtenByteCount(_ range: Range<Int>) -> Int { slice(range).writtenByteCount }

    private static func writtenByteCount(_ indices: [Int32], _ values: Column) -> Int {
        guard values.count > 0 else { return indices.count }
        if case .string(let strings) = values.values {
            return indices.reduce(indices.count * 16) { $0 + strings.views[Int($1)].length }
        }
        guard values.type.isNested else { return values.writtenByteCount / values.count * indices.count }
        let sizes = (0..<values.count).map { values.slice($0..<$0 + 1).writtenByteCount }
        return indices.reduce(0) { $0 + sizes[Int($1)] }
    }
}

extension StringColumn {
    /// The views, and each row's own text; of rows that share theirs as often as they do.
    package var writtenByteCount: Int { views.reduce(views.count * 16) { $0 + $1.length } }
}

extension Scalar {
    /// Bytes the value takes in a column, about.
    package var byteCount: Int {
        switch self {
        case .null, .boolean: 1
        case .int, .float: 4
        case .long, .double: 8
        case .int128, .interval: 16
        case .string(let text): 16 + text.utf8.count
        case .bytes(let bytes): 16 + bytes.count
        case .list(let items): items.reduce(4) { $0 + $1.byteCount }
        case .map(let pairs): pairs.reduce(4) { $0 + $1.key.byteCount + $1.value.byteCount }
        case .structure(let fields): fields.reduce(0) { $0 + $1.byteCount }
        }
    }

    /// Whether both are the very same long text or bytes in memory: what is only equal would have to be compared byte by
    /// byte.
    func isSameLongText(as other: Scalar) -> Bool {
        switch (self, other) {
        case (.string(let left), .string(let right)):
            left.utf8.count > Self.longBytes && left.utf8.span.isIdentical(to: right.utf8.span)
        case (.bytes(let left), .bytes(let right)):
            left.count > Self.longBytes && left.span.isIdentical(to: right.span)
        default: false
        }
    }

    /// Text of so many bytes is worth sharing between rows.
    private static let longBytes = 4096
}

extension Batch {
    /// See `Column.writtenByteCount`. Of a dense batch.
    package var writtenByteCount: Int {
        columns.reduce(0) { $0 + $1.writtenByteCount }
    }

    /// The chosen rows in pieces that are written as about `limit` bytes at most, or are one row.
    package func pieces(ofBytes limit: Int) -> [Batch] {
        let rows = dense()
        let bytes = rows.writtenByteCount
        guard bytes > limit, rowCount > 1 else { return [rows] }
        let step = max(1, Int(Double(rowCount) * Double(limit) / Double(bytes)))
        return stride(from: 0, to: rowCount, by: step).map { start in
            rows.slice(start..<min(rowCount, start + step))
        }
    }
}
