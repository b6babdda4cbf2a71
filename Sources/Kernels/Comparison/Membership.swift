package import Columnar

/// Tests values against a fixed list, as `IN` and `NOT IN` do.
///
/// - Nulls: a null value gives null; without a match a null in the list gives null.
package struct Membership: Sendable {
    /// So few are compared one after the other.
    private static let shortList = 8

    private let type: DataType
    private let words: Set<UInt64>
    private let views: Set<StringView>
    private let texts: Set<[UInt8]>
    private let others: [Scalar]
    private let hasNull: Bool

    /// `elements` have the payload of `type`.
    package init(_ elements: [Scalar], type: DataType) {
        self.type = type
        hasNull = elements.contains(.null)
        let present = elements.filter { !$0.isNull }
        var words: Set<UInt64> = []
        var views: Set<StringView> = []
        var texts: Set<[UInt8]> = []
        var others: [Scalar] = []
        switch type.physical {
        case .int32, .int64, .boolean, .float, .double:
            var interner = BytesInterner()
            words = Set(KeyWords(Column(type, present), interner: &interner).words[0])
        case .string:
            guard case .string(let strings) = Column(type, present).values else { break }
            for row in 0..<strings.count {
                if strings.views[row].isInline {
                    views.insert(strings.views[row])
                } else {
                    texts.insert(strings.bytes(at: row))
                }
            }
        default: others = present
        }
        self.words = words
        self.views = views
        self.texts = texts
        self.others = others
    }

    package func evaluate(_ column: Column, isNegated: Bool) -> Column {
        let count = column.count
        if type == .null || column.constantValue == .null { return .nulls(.boolean, count: count) }
        if column.constantValue != nil, count > 1 {
            let one = evaluate(column.slice(0..<1).flattened(), isNegated: isNegated)
            return .constant(one.scalar(at: 0), .boolean, count: count)
        }
        let found: Bitmap
        if case .dictionary(let indices, let values) = column.values, values.count <= count, values.count > 0
        {
            found = bits(values).gather(indices)
        } else {
            found = bits(column.flattened())
        }
        var validity = column.validity
        if hasNull { validity = intersect(validity, found) }
        return Column(.boolean, count: count, .boolean(isNegated ? ~found : found), validity: validity)
    }

    private func bits(_ column: Column) -> Bitmap {
        let count = column.count
        switch column.values {
        case .string(let strings):
            if texts.isEmpty, views.count <= Self.shortList {
                // A long text's view is none of the short ones: its length stands in it.
                var flags = [UInt8](repeating: 0, count: PackedBits.paddedCount(count))
                for view in views {
                    for row in 0..<count { flags[row] |= strings.views[row] == view ? 1 : 0 }
                }
                return PackedBits.pack(flags, count: count)
            }
            return Bitmap(
                (0..<count).lazy.map { row in
                    let view = strings.views[row]
                    return view.isInline ? views.contains(view) : texts.contains(strings.bytes(at: row))
                })
        case .int32, .int64, .boolean, .float, .double:
            var interner = BytesInterner()
            let values = KeyWords(column, interner: &interner).words[0]
            if words.count <= Self.shortList {
                var flags = [UInt8](repeating: 0, count: PackedBits.paddedCount(count))
                for word in words {
                    for row in 0..<count { flags[row] |= values[row] == word ? 1 : 0 }
                }
                return PackedBits.pack(flags, count: count)
            }
            return Bitmap(values.lazy.map { words.contains($0) })
        default:
            return Bitmap(
                (0..<count).lazy.map { row in
                    let value = column.scalar(at: row)
                    return others.contains { $0.order(comparedTo: value) == 0 }
                })
        }
    }
}
