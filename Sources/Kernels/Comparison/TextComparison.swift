import Columnar

/// Compares strings through their 16-byte views; the heaps are read only when prefixes agree.
enum TextComparison {
    static func bits(_ comparison: ComparisonOperator, _ left: Column, _ right: Column) -> Bitmap {
        let count = left.count
        let first = TextOperand(left)
        let second = TextOperand(right)
        if first.isConstant, second.isConstant {
            let holds = comparison.holds(first.strings.compare(0, second.strings, 0))
            return Bitmap(repeating: holds, count: count)
        }
        if first.isConstant { return with(comparison.mirrored, second.strings, first.strings, count) }
        if second.isConstant { return with(comparison, first.strings, second.strings, count) }

        var flags = [UInt8](repeating: 0, count: PackedBits.paddedCount(count))
        switch comparison {
        case .equal:
            for row in 0..<count { flags[row] = first.strings.isEqual(row, second.strings, row) ? 1 : 0 }
        case .notEqual:
            for row in 0..<count { flags[row] = first.strings.isEqual(row, second.strings, row) ? 0 : 1 }
        default:
            for row in 0..<count {
                flags[row] = comparison.holds(first.strings.compare(row, second.strings, row)) ? 1 : 0
            }
        }
        return PackedBits.pack(flags, count: count)
    }

    /// Compares every row with the first string of `value`.
    private static func with(
        _ comparison: ComparisonOperator, _ strings: StringColumn, _ value: StringColumn, _ count: Int
    ) -> Bitmap {
        let view = value.views[0]
        var flags = [UInt8](repeating: 0, count: PackedBits.paddedCount(count))
        switch comparison {
        case .equal, .notEqual:
            let hit: UInt8 = comparison == .equal ? 1 : 0
            equality(strings, value, view, hit: hit, into: &flags)
        default:
            let views = strings.views.span
            precondition(views.count == count)
            let prefix = view.prefix.byteSwapped
            let before: UInt8 = comparison.holds(-1) ? 1 : 0
            let after: UInt8 = comparison.holds(1) ? 1 : 0
            for row in 0..<count {
                let other = views[row].prefix.byteSwapped
                if other != prefix {
                    flags[row] = other < prefix ? before : after
                } else {
                    flags[row] = comparison.holds(strings.compare(row, value, 0)) ? 1 : 0
                }
            }
        }
        return PackedBits.pack(flags, count: count)
    }

    private static func equality(
        _ strings: StringColumn, _ value: StringColumn, _ view: StringView, hit: UInt8,
        into flags: inout [UInt8]
    ) {
        let views = strings.views.span
        precondition(flags.count >= views.count)
        if view.isInline {
            for row in 0..<views.count {
                let isSame = (views[row].head ^ view.head) | (views[row].tail ^ view.tail) == 0
                flags[row] = isSame ? hit : 1 - hit
            }
        } else {
            for row in 0..<views.count {
                let isSame = views[row].head == view.head && strings.isEqual(row, value, 0)
                flags[row] = isSame ? hit : 1 - hit
            }
        }
    }
}
