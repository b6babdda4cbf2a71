import Columnar
import Foundation

/// Arithmetic of float and double as PostgreSQL has it: a zero divisor and a finite overflow are errors.
enum FloatArithmetic {
    static func evaluate<Value: FixedValue & BinaryFloatingPoint>(
        _ call: KernelCall, _: Value.Type, _ type: DataType
    ) throws(KernelError) -> Column {
        let left: Operand<Value> = try call.argument(0, as: type).operand()
        guard call.has(1) else {
            guard call.function == .negate else { throw call.unsupported() }
            return Column(
                type, count: call.rowCount, Value.column(mapFixed(left, count: call.rowCount) { -$0 }),
                validity: call.validity)
        }
        let right: Operand<Value> = try call.argument(1, as: type).operand()
        switch call.function {
        case .add: return try checked(call, left, right, type) { $0 + $1 }
        case .subtract: return try checked(call, left, right, type) { $0 - $1 }
        case .multiply: return try checked(call, left, right, type) { $0 * $1 }
        case .divide:
            try checkDivisor(call, right)
            return try checked(call, left, right, type) { $0 / $1 }
        case .modulo:
            try checkDivisor(call, right)
            return try checked(call, left, right, type) { $0.truncatingRemainder(dividingBy: $1) }
        default: throw call.unsupported()
        }
    }

    @inline(__always)
    private static func checked<Value: FixedValue & BinaryFloatingPoint>(
        _ call: KernelCall, _ left: Operand<Value>, _ right: Operand<Value>, _ type: DataType,
        _ body: (Value, Value) -> Value
    ) throws(KernelError) -> Column {
        var infiniteCount = 0
        let result: [Value] = zipFixed(left, right, count: call.rowCount) {
            let value = body($0, $1)
            infiniteCount &+= value.magnitude == Value.infinity ? 1 : 0
            return value
        }
        let validity = call.validity
        if infiniteCount > 0,
            let row = firstRow(
                count: call.rowCount, validity: validity,
                where: { left[$0].isFinite && right[$0].isFinite && body(left[$0], right[$0]).isInfinite })
        {
            throw KernelError(
                .overflow, "the result is out of range",
                ["operation": "\(left[row]) \(call.function.name) \(right[row])", "type": "\(type)"], row: row
            )
        }
        return Column(type, count: call.rowCount, Value.column(result), validity: validity)
    }

    private static func checkDivisor<Value: FixedValue & BinaryFloatingPoint>(
        _ call: KernelCall, _ divisors: Operand<Value>
    ) throws(KernelError) {
        if case .constant(let value) = divisors, value != 0 { return }
        if let row = firstRow(count: call.rowCount, validity: call.validity, where: { divisors[$0] == 0 }) {
            throw KernelError(.divisionByZero, "division by zero", row: row)
        }
    }
}
