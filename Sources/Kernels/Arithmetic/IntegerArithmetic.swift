import Columnar

/// Integer arithmetic with the check after the loop.
///
/// The loop wraps and gathers an overflow flag without branching, so it becomes SIMD; only when the flag is up are the
/// rows looked at again, and only a row that is not null fails.
enum IntegerArithmetic {
    static func evaluate<Value: FixedValue & FixedWidthInteger & SignedInteger>(
        _ call: KernelCall, _: Value.Type, _ type: DataType
    ) throws(KernelError) -> Column {
        let left: Operand<Value> = try call.argument(0, as: type).operand()
        guard call.has(1) else { return try unary(call, left, type) }
        if call.function == .shiftLeft || call.function == .shiftRight {
            return try shift(call, left, type)
        }
        let right: Operand<Value> = try call.argument(1, as: type).operand()
        switch call.function {
        case .add:
            return try checked(call, left, right, type) { $0.addingReportingOverflow($1) }
        case .subtract:
            return try checked(call, left, right, type) { $0.subtractingReportingOverflow($1) }
        case .multiply:
            return try checked(call, left, right, type) { $0.multipliedReportingOverflow(by: $1) }
        case .divide:
            try checkDivisor(call, right)
            return try checked(call, left, right, type) { $0.dividedReportingOverflow(by: $1) }
        case .modulo:
            try checkDivisor(call, right)
            // The smallest number % -1 is 0 and no overflow, though the machine says so; a zero divisor is a null row.
            return wrapping(call, left, right, type) { $1 == 0 || $1 == -1 ? 0 : $0 % $1 }
        case .bitAnd: return wrapping(call, left, right, type) { $0 & $1 }
        case .bitOr: return wrapping(call, left, right, type) { $0 | $1 }
        case .bitXor: return wrapping(call, left, right, type) { $0 ^ $1 }
        default: throw call.unsupported()
        }
    }

    private static func unary<Value: FixedValue & FixedWidthInteger & SignedInteger>(
        _ call: KernelCall, _ values: Operand<Value>, _ type: DataType
    ) throws(KernelError) -> Column {
        switch call.function {
        case .negate:
            return try checked(call, .constant(0), values, type) { $0.subtractingReportingOverflow($1) }
        case .bitNot:
            return Column(
                type, count: call.rowCount, Value.column(mapFixed(values, count: call.rowCount) { ~$0 }),
                validity: call.validity)
        default: throw call.unsupported()
        }
    }

    private static func shift<Value: FixedValue & FixedWidthInteger & SignedInteger>(
        _ call: KernelCall, _ values: Operand<Value>, _ type: DataType
    ) throws(KernelError) -> Column {
        let amounts: Operand<Int64> = try call.long(1)
        let mask = Int64(Value.bitWidth - 1)
        let isLeft = call.function == .shiftLeft
        let result: [Value] = zipFixed(values, amounts, count: call.rowCount) { value, amount in
            let places = Value(truncatingIfNeeded: amount & mask)
            return isLeft ? value &<< places : value &>> places
        }
        return Column(type, count: call.rowCount, Value.column(result), validity: call.validity)
    }

    @inline(__always)
    private static func wrapping<Value: FixedValue>(
        _ call: KernelCall, _ left: Operand<Value>, _ right: Operand<Value>, _ type: DataType,
        _ body: (Value, Value) -> Value
    ) -> Column {
        Column(
            type, count: call.rowCount,
            Value.column(zipFixed(left, right, count: call.rowCount, body)), validity: call.validity)
    }

    /// - Errors: overflow at the first row that is not null.
    @inline(__always)
    private static func checked<Value: FixedValue & FixedWidthInteger & SignedInteger>(
        _ call: KernelCall, _ left: Operand<Value>, _ right: Operand<Value>, _ type: DataType,
        _ body: (Value, Value) -> (partialValue: Value, overflow: Bool)
    ) throws(KernelError) -> Column {
        var isFaulty = false
        let result: [Value] = zipFixed(left, right, count: call.rowCount) {
            let (value, overflow) = body($0, $1)
            isFaulty = isFaulty != (overflow && !isFaulty)
            return value
        }
        let validity = call.validity
        if isFaulty,
            let row = firstRow(
                count: call.rowCount, validity: validity, where: { body(left[$0], right[$0]).overflow })
        {
            throw KernelError(
                .overflow, "the result is out of range",
                ["operation": "\(left[row]) \(call.function.name) \(right[row])", "type": "\(type)"], row: row
            )
        }
        return Column(type, count: call.rowCount, Value.column(result), validity: validity)
    }

    /// - Errors: division by zero at the first row that is not null.
    private static func checkDivisor<Value: FixedValue & FixedWidthInteger>(
        _ call: KernelCall, _ divisors: Operand<Value>
    ) throws(KernelError) {
        if case .constant(let value) = divisors, value != 0 { return }
        var isFaulty = false
        for row in 0..<call.rowCount where divisors[row] == 0 { isFaulty = true }
        guard isFaulty else { return }
        if let row = firstRow(count: call.rowCount, validity: call.validity, where: { divisors[$0] == 0 }) {
            throw KernelError(.divisionByZero, "division by zero", row: row)
        }
    }
}
