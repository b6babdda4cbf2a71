import Columnar

/// Compares columns row by row.
///
/// - Shapes: both columns have the same count and, decimals and numbers of unlike width excepted, the same type.
/// - Order: text and bytes bytewise; false before true; NaN equals NaN and follows every number; intervals by length,
///   a month being 30 days; nested values element by element.
enum Comparison {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let (left, right) = (call.arguments[0], call.arguments[1])
        switch call.function {
        case .isDistinctFrom: return truth(try distinct(left, right), nil)
        case .isNotDistinctFrom: return truth(~(try distinct(left, right)), nil)
        default:
            guard let comparison = ComparisonOperator(call.function) else { throw call.unsupported() }
            return truth(try values(comparison, left, right), call.validity)
        }
    }

    private static func truth(_ bits: Bitmap, _ validity: Bitmap?) -> Column {
        Column(.boolean, count: bits.count, .boolean(bits), validity: validity)
    }

    private static func distinct(_ left: Column, _ right: Column) throws(KernelError) -> Bitmap {
        let differs = try values(.notEqual, left, right)
        guard left.mayHaveNulls || right.mayHaveNulls else { return differs }
        let first = left.validityBits()
        let second = right.validityBits()
        return first.combined(with: second) { $0 ^ $1 } | (first & second & differs)
    }

    /// One bit a row, of columns whose types may be unlike; bits of null rows are anything.
    static func values(
        _ comparison: ComparisonOperator, _ left: Column, _ right: Column
    ) throws(KernelError) -> Bitmap {
        if left.type.outgrows(with: right.type) {
            return try DecimalComparison.bits(comparison, left, right)
        }
        let (first, second) = try aligned(left, right)
        return try bits(comparison, first, second)
    }

    /// Gives both the same type when they are numbers of unlike types.
    static func aligned(_ left: Column, _ right: Column) throws(KernelError) -> (Column, Column) {
        if left.type == right.type { return (left, right) }
        if left.type == .null { return (.nulls(right.type, count: left.count), right) }
        if right.type == .null { return (left, .nulls(left.type, count: right.count)) }
        if let common = left.type.numericCommon(with: right.type) {
            return (try left.cast(to: common), try right.cast(to: common))
        }
        if left.type.isTimestamp || right.type.isTimestamp {
            let isNanos = [left.type, right.type].contains {
                $0 == .timestampNanos || $0 == .timestamptzNanos
            }
            let common: DataType = isNanos ? .timestampNanos : .timestamp
            return (try left.cast(to: common), try right.cast(to: common))
        }
        guard left.type.physical == right.type.physical else {
            throw KernelError(
                .unsupported, "values of these types cannot be compared",
                ["types": "\(left.type), \(right.type)"])
        }
        return (left, right)
    }

    /// One bit a row; bits of null rows are anything.
    static func bits(
        _ comparison: ComparisonOperator, _ left: Column, _ right: Column
    ) throws(KernelError) -> Bitmap {
        let count = left.count
        switch left.type.physical {
        case .null: return Bitmap(repeating: false, count: count)
        case .boolean: return booleans(comparison, left.truthBits(), right.truthBits())
        case .int32: return integers(comparison, left.operand(Int32.self), right.operand(), count)
        case .int64: return integers(comparison, left.operand(Int64.self), right.operand(), count)
        case .int128: return integers(comparison, left.operand(Int128.self), right.operand(), count)
        case .float: return floats(comparison, left.operand(Float.self), right.operand(), count)
        case .double: return floats(comparison, left.operand(Double.self), right.operand(), count)
        case .string: return TextComparison.bits(comparison, left, right)
        case .interval, .list, .map, .structure:
            return rowwise(comparison, left, right)
        }
    }

    private static func booleans(
        _ comparison: ComparisonOperator, _ left: Bitmap, _ right: Bitmap
    ) -> Bitmap {
        switch comparison {
        case .equal: ~left.combined(with: right) { $0 ^ $1 }
        case .notEqual: left.combined(with: right) { $0 ^ $1 }
        case .less: left.combined(with: right) { ~$0 & $1 }
        case .lessOrEqual: ~left.combined(with: right) { $0 & ~$1 }
        case .greater: left.combined(with: right) { $0 & ~$1 }
        case .greaterOrEqual: ~left.combined(with: right) { ~$0 & $1 }
        }
    }

    @inline(__always)
    private static func integers<Value: FixedValue>(
        _ comparison: ComparisonOperator, _ left: Operand<Value>, _ right: Operand<Value>, _ count: Int
    ) -> Bitmap {
        switch comparison {
        case .equal: testFixed(left, right, count: count) { $0 == $1 }
        case .notEqual: testFixed(left, right, count: count) { $0 != $1 }
        case .less: testFixed(left, right, count: count) { $0 < $1 }
        case .lessOrEqual: testFixed(left, right, count: count) { $0 <= $1 }
        case .greater: testFixed(left, right, count: count) { $0 > $1 }
        case .greaterOrEqual: testFixed(left, right, count: count) { $0 >= $1 }
        }
    }

    /// Total order: NaN is the largest and equals itself; -0 equals 0.
    @inline(__always)
    private static func floats<Value: FixedValue & BinaryFloatingPoint>(
        _ comparison: ComparisonOperator, _ left: Operand<Value>, _ right: Operand<Value>, _ count: Int
    ) -> Bitmap {
        @inline(__always) func isEqual(_ a: Value, _ b: Value) -> Bool { (a == b) != ((a != a) && (b != b)) }
        @inline(__always) func isLess(_ a: Value, _ b: Value) -> Bool { (a < b) != ((b != b) && (a == a)) }
        return switch comparison {
        case .equal: testFixed(left, right, count: count) { isEqual($0, $1) }
        case .notEqual: testFixed(left, right, count: count) { !isEqual($0, $1) }
        case .less: testFixed(left, right, count: count) { isLess($0, $1) }
        case .lessOrEqual: testFixed(left, right, count: count) { !isLess($1, $0) }
        case .greater: testFixed(left, right, count: count) { isLess($1, $0) }
        case .greaterOrEqual: testFixed(left, right, count: count) { !isLess($0, $1) }
        }
    }

    private static func rowwise(
        _ comparison: ComparisonOperator, _ left: Column, _ right: Column
    ) -> Bitmap {
        Bitmap(
            (0..<left.count).lazy.map { row in
                comparison.holds(left.scalar(at: row).order(comparedTo: right.scalar(at: row)))
            })
    }
}
