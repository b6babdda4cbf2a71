import Columnar

/// Decimals: exact to 38 digits, rounding half away from zero, overflow an error.
///
/// The result's precision and scale are the planner's; arguments keep theirs. Integers may stand beside decimals.
enum DecimalArithmetic {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        guard case .decimal(let precision, let scale) = call.result else { throw call.unsupported() }
        if call.function == .multiply, let fast = try fastProduct(call, precision, scale) { return fast }
        let isSum = call.function == .add || call.function == .subtract
        let left = try Side(call.arguments[0], constantScale: isSum ? scale : 0)
        guard call.has(1) else {
            guard call.function == .negate else { throw call.unsupported() }
            return try rows(call) { row throws(KernelError) in
                DecimalMath.rescale(-left[row], by: scale - left.scale)
            }
        }
        let right = try Side(call.arguments[1], constantScale: isSum ? scale : 0)
        switch call.function {
        case .add, .subtract:
            let isAdd = call.function == .add
            if let fast = fastSum(call, left, right, isAdd, precision, scale) { return fast }
            return try rows(call) { row throws(KernelError) in
                sum(left, right, row, isAdd: isAdd, scale: scale)
            }
        case .multiply:
            let digits = left.scale + right.scale - scale
            let divisor = digits > 0 ? DecimalMath.powers[min(38, digits)] : 1
            let factor = digits < 0 ? DecimalMath.powers[min(38, -digits)] : 1
            return try rows(call) { row throws(KernelError) in
                guard let product = DecimalMath.multiplyDivide(left[row], right[row], by: divisor) else {
                    return nil
                }
                return product.multipliedChecked(by: factor)
            }
        case .divide:
            // left / 10^ls / (right / 10^rs) * 10^s = left * 10^(s - ls + rs) / right
            let digits = scale - left.scale + right.scale
            let factor = digits >= 0 ? DecimalMath.powers[min(38, digits)] : 1
            let shrink = digits < 0 ? DecimalMath.powers[min(38, -digits)] : 1
            return try rows(call) { row throws(KernelError) in
                guard right[row] != 0 else { throw KernelError(.divisionByZero, "division by zero") }
                guard let divisor = right[row].multipliedChecked(by: shrink) else { return 0 }
                return DecimalMath.multiplyDivide(left[row], factor, by: divisor)
            }
        case .modulo:
            let common = max(left.scale, right.scale)
            return try rows(call) { row throws(KernelError) in
                guard right[row] != 0 else { throw KernelError(.divisionByZero, "division by zero") }
                guard let dividend = DecimalMath.rescale(left[row], by: common - left.scale),
                    let divisor = DecimalMath.rescale(right[row], by: common - right.scale)
                else { return nil }
                return DecimalMath.rescale(dividend % divisor, by: scale - common)
            }
        default: throw call.unsupported()
        }
    }

    /// One argument as unscaled numbers of 128 bits.
    private struct Side {
        let scale: Int
        let isLong: Bool
        private let longs: Operand<Int64>
        private let wides: Operand<Int128>

        /// A constant is brought to `constantScale` when that loses nothing, so that `1 - discount` needs no rescaling.
        init(_ column: Column, constantScale: Int) throws(KernelError) {
            let source = column.type.isDecimal || column.type == .long ? column : try column.cast(to: .long)
            let ownScale = source.type.decimalShape.scale
            if source.constantValue != nil, source.type.physical == .int64, ownScale < constantScale,
                case .constant(let value) = source.operand(Int64.self),
                let scaled = DecimalMath.rescale(Int128(value), by: constantScale - ownScale),
                let narrow = Int64(exactly: scaled)
            {
                scale = constantScale
                isLong = true
                longs = .constant(narrow)
                wides = .constant(0)
                return
            }
            scale = source.type.decimalShape.scale
            isLong = source.type.physical == .int64
            longs = isLong ? source.operand() : .constant(0)
            wides = isLong ? .constant(0) : source.operand()
        }

        var longOperand: Operand<Int64>? { isLong ? longs : nil }

        @inline(__always)
        subscript(row: Int) -> Int128 { isLong ? Int128(longs[row]) : wides[row] }
    }

    private static func sum(_ left: Side, _ right: Side, _ row: Int, isAdd: Bool, scale: Int) -> Int128? {
        // At the finer of the two scales nothing is lost; round once, at the end.
        let common = max(left.scale, right.scale, scale)
        guard let first = DecimalMath.rescale(left[row], by: common - left.scale),
            let second = DecimalMath.rescale(right[row], by: common - right.scale)
        else { return nil }
        let (total, overflow) =
            isAdd
            ? first.addingReportingOverflow(second) : first.subtractingReportingOverflow(second)
        return overflow ? nil : DecimalMath.rescale(total, by: scale - common)
    }

    /// Exact products that cannot leave their type: the digits of both arguments fit the result's, and no digit is cut.
    /// One wide multiplication a row and no check. Nil when the shape is another.
    private static func fastProduct(
        _ call: KernelCall, _ precision: Int, _ scale: Int
    ) throws(KernelError) -> Column? {
        let left = call.arguments[0]
        let right = call.arguments[1]
        let (leftPrecision, leftScale) = left.type.decimalShape
        let (rightPrecision, rightScale) = right.type.decimalShape
        guard left.type.isDecimal, right.type.isDecimal, leftScale + rightScale == scale,
            leftPrecision + rightPrecision <= precision
        else { return nil }
        let count = call.rowCount
        let values: ColumnValues
        if call.result.physical == .int64 {
            let items: [Int64] = zipFixed(left.operand(Int64.self), right.operand(Int64.self), count: count) {
                $0 &* $1
            }
            values = .int64(items)
        } else {
            let items: [Int128]
            switch (left.type.physical == .int64, right.type.physical == .int64) {
            case (true, true):
                items = zipFixed(left.operand(Int64.self), right.operand(Int64.self), count: count) {
                    Int128($0) &* Int128($1)
                }
            case (true, false):
                items = zipFixed(left.operand(Int64.self), right.operand(Int128.self), count: count) {
                    Int128($0) &* $1
                }
            case (false, true):
                items = zipFixed(left.operand(Int128.self), right.operand(Int64.self), count: count) {
                    $0 &* Int128($1)
                }
            case (false, false):
                items = zipFixed(left.operand(Int128.self), right.operand(Int128.self), count: count) {
                    $0 &* $1
                }
            }
            values = .int128(items)
        }
        return Column(call.result, count: count, values, validity: call.validity)
    }

    /// Both in 64 bits at the result's scale: SIMD, with the check after the loop. Nil when the shape is another or a
    /// row overflowed; then the exact way finds out.
    private static func fastSum(
        _ call: KernelCall, _ left: Side, _ right: Side, _ isAdd: Bool, _ precision: Int, _ scale: Int
    ) -> Column? {
        guard precision <= DataType.longPrecision, left.scale == scale, right.scale == scale,
            let first = left.longOperand, let second = right.longOperand
        else { return nil }
        let bound = Int64(DecimalMath.powers[precision])
        var faults: Int64 = 0
        let result: [Int64] = zipFixed(first, second, count: call.rowCount) {
            let (value, overflow) =
                isAdd ? $0.addingReportingOverflow($1) : $0.subtractingReportingOverflow($1)
            faults |= (overflow ? 1 : 0) | (value >= bound ? 1 : 0) | (value <= -bound ? 1 : 0)
            return value
        }
        if faults != 0 { return nil }
        return Column(call.result, count: call.rowCount, .int64(result), validity: call.validity)
    }

    /// Computes each row that is not null; nil is an overflow.
    @inline(__always)
    private static func rows(
        _ call: KernelCall, _ body: (Int) throws(KernelError) -> Int128?
    ) throws(KernelError) -> Column {
        guard case .decimal(let precision, _) = call.result else { throw call.unsupported() }
        let bound = DecimalMath.bound(precision)
        func checked(_ row: Int) throws(KernelError) -> Int128 {
            guard let value = try body(row), value < bound, value > -bound else {
                throw KernelError(
                    .overflow, "the result does not fit its decimal type",
                    ["operation": call.function.name, "type": "\(call.result)"])
            }
            return value
        }
        if precision <= DataType.longPrecision {
            return try call.rows.fixed(call.result) { row throws(KernelError) -> Int64? in
                Int64(truncatingIfNeeded: try checked(row))
            }
        }
        return try call.rows.fixed(call.result) { row throws(KernelError) -> Int128? in try checked(row) }
    }
}

extension Int128 {
    func multipliedChecked(by factor: Int128) -> Int128? {
        let (result, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? nil : result
    }
}
