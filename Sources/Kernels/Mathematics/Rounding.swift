import Columnar

/// abs, ceil, floor, round, trunc and sign over every kind of number.
enum Rounding {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        switch call.arguments[0].type {
        case .int, .long: return try integers(call)
        case .decimal(let precision, let scale): return try decimals(call, precision, scale)
        default: return try doubles(call)
        }
    }

    private static func integers(_ call: KernelCall) throws(KernelError) -> Column {
        let values = try call.long(0)
        let digits: Operand<Int64> = call.has(1) ? try call.long(1) : .constant(0)
        let column = try call.rows.fixed(.long) { row throws(KernelError) -> Int64? in
            let value = values[row]
            switch call.function {
            case .abs:
                guard value != .min else { throw overflow("abs(\(value))") }
                return Swift.abs(value)
            case .sign: return value.signum()
            case .round, .trunc:
                guard digits[row] < 0 else { return value }
                guard digits[row] > -19 else { return 0 }
                let step = DecimalMath.powers[Int(-digits[row])]
                let wide = Int128(value)
                let result =
                    call.function == .round
                    ? DecimalMath.divideRounding(wide, step) * step : wide / step * step
                guard let fitting = Int64(exactly: result) else { throw overflow("round(\(value))") }
                return fitting
            default: return value
            }
        }
        return try column.cast(to: call.result)
    }

    private static func decimals(_ call: KernelCall, _ precision: Int, _ scale: Int) throws(KernelError)
        -> Column
    {
        let wide = DataType.decimal(precision: DataType.maximumPrecision, scale: scale)
        let values: Operand<Int128> = try call.argument(0, as: wide).operand()
        let digits: Operand<Int64> = call.has(1) ? try call.long(1) : .constant(0)
        let column = try call.rows.fixed(wide) { row throws(KernelError) -> Int128? in
            let value = values[row]
            switch call.function {
            case .abs: return Swift.abs(value)
            case .sign: return value.signum() * DecimalMath.powers[scale]
            default: break
            }
            let kept = max(-38, min(Int64(scale), digits[row]))
            let dropped = Int64(scale) - kept
            guard dropped <= 38 else { return 0 }
            let step = DecimalMath.powers[Int(dropped)]
            switch call.function {
            case .round: return DecimalMath.divideRounding(value, step) * step
            case .trunc: return value / step * step
            case .ceil: return (value / step + (value % step > 0 ? 1 : 0)) * step
            default: return (value / step - (value % step < 0 ? 1 : 0)) * step
            }
        }
        return try column.cast(to: call.result)
    }

    private static func doubles(_ call: KernelCall) throws(KernelError) -> Column {
        let values = try call.double(0)
        let count = call.rowCount
        let items: [Double]
        switch call.function {
        case .abs: items = mapFixed(values, count: count) { $0.magnitude }
        case .ceil: items = mapFixed(values, count: count) { $0.rounded(.up) }
        case .floor: items = mapFixed(values, count: count) { $0.rounded(.down) }
        case .sign: items = mapFixed(values, count: count) { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }
        default:
            let rule: FloatingPointRoundingRule =
                call.function == .round ? .toNearestOrAwayFromZero : .towardZero
            guard call.has(1) else {
                items = mapFixed(values, count: count) { $0.rounded(rule) }
                break
            }
            let powers = DecimalMath.doublePowers
            items = zipFixed(values, try call.long(1), count: count) { value, digits in
                let power = powers[Int(min(38, digits.magnitude))]
                let result =
                    digits >= 0
                    ? (value * power).rounded(rule) / power : (value / power).rounded(rule) * power
                // Too large to have such digits at all.
                return result.isFinite ? result : value
            }
        }
        return try Column(.double, count: count, .double(items), validity: call.validity).cast(
            to: call.result)
    }

    private static func overflow(_ operation: String) -> KernelError {
        KernelError(.overflow, "the result is out of range", ["operation": operation])
    }
}
