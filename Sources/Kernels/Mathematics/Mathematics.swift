import Columnar
import Effects
import Foundation

/// Functions over numbers. Those over doubles follow IEEE 754: outside their domain they give NaN; exp and power overflow.
enum Mathematics {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        if let function = unary(call.function) {
            let values: Operand<Double> = try call.double(0)
            let items = mapFixed(values, count: call.rowCount) { function($0) }
            if call.function == .exp { try checkOverflow(call, values, items) }
            return try doubles(call, items)
        }
        switch call.function {
        case .abs, .ceil, .floor, .round, .trunc, .sign: return try Rounding.evaluate(call)
        case .pi:
            return try Column.constant(.double(.pi), .double, count: call.rowCount).cast(to: call.result)
        case .log: return try logarithm(call)
        case .power: return try Power.evaluate(call)
        case .atan2:
            let result: [Double] = zipFixed(try call.double(0), try call.double(1), count: call.rowCount) {
                Foundation.atan2($0, $1)
            }
            return try doubles(call, result)
        case .gcd, .lcm, .factorial: return try whole(call)
        case .isNaN: return try isNaN(call)
        case .isZero:
            let bits = testFixed(try call.double(0), count: call.rowCount) { $0 == 0 }
            return Column(.boolean, count: call.rowCount, .boolean(bits), validity: call.validity)
        case .random:
            guard let randomness = call.context.randomness else { throw call.unsupported() }
            let items = (0..<call.rowCount).map { _ in Double(randomness.next() >> 11) * 0x1p-53 }
            return Column(.double, count: call.rowCount, .double(items))
        default: throw call.unsupported()
        }
    }

    /// As of `power`: finite numbers with an infinite result are errors.
    private static func checkOverflow(
        _ call: KernelCall, _ values: Operand<Double>, _ items: [Double]
    ) throws(KernelError) {
        let row = firstRow(
            count: call.rowCount, validity: call.validity,
            where: { items[$0] == .infinity && values[$0].isFinite })
        guard let row else { return }
        throw KernelError(
            .overflow, "the result is out of range", ["operation": "\(call.function.name)(\(values[row]))"],
            row: row)
    }

    private static func doubles(_ call: KernelCall, _ items: [Double]) throws(KernelError) -> Column {
        try Column(.double, count: call.rowCount, .double(items), validity: call.validity).cast(
            to: call.result)
    }

    private static func unary(_ function: ScalarFunction) -> ((Double) -> Double)? {
        switch function {
        case .sqrt: { $0.squareRoot() }
        case .cbrt: { Foundation.cbrt($0) }
        case .exp: { Foundation.exp($0) }
        case .ln: { Foundation.log($0) }
        case .log10: { Foundation.log10($0) }
        case .log2: { Foundation.log2($0) }
        case .degrees: { $0 * 180 / .pi }
        case .radians: { $0 * .pi / 180 }
        case .sin: { Foundation.sin($0) }
        case .cos: { Foundation.cos($0) }
        case .tan: { Foundation.tan($0) }
        case .cot: { 1 / Foundation.tan($0) }
        case .asin: { Foundation.asin($0) }
        case .acos: { Foundation.acos($0) }
        case .atan: { Foundation.atan($0) }
        case .sinh: { Foundation.sinh($0) }
        case .cosh: { Foundation.cosh($0) }
        case .tanh: { Foundation.tanh($0) }
        case .asinh: { Foundation.asinh($0) }
        case .acosh: { Foundation.acosh($0) }
        case .atanh: { Foundation.atanh($0) }
        default: nil
        }
    }

    private static func logarithm(_ call: KernelCall) throws(KernelError) -> Column {
        let first: Operand<Double> = try call.double(0)
        guard call.has(1) else {
            return try doubles(call, mapFixed(first, count: call.rowCount) { Foundation.log10($0) })
        }
        let result: [Double] = zipFixed(first, try call.double(1), count: call.rowCount) {
            Foundation.log($1) / Foundation.log($0)
        }
        return try doubles(call, result)
    }

    private static func whole(_ call: KernelCall) throws(KernelError) -> Column {
        let first = try call.long(0)
        let second: Operand<Int64> = call.has(1) ? try call.long(1) : .constant(0)
        let column = try call.rows.fixed(.long) { row throws(KernelError) -> Int64? in
            if call.function == .factorial {
                guard (0...20).contains(first[row]) else {
                    throw KernelError(.invalidArgument, "factorial takes 0 to 20", ["value": first[row]])
                }
                return (0..<first[row]).reduce(1) { $0 * ($1 + 1) }
            }
            var (a, b) = (first[row].magnitude, second[row].magnitude)
            while b != 0 { (a, b) = (b, a % b) }
            var result = a
            if call.function == .lcm {
                let (product, overflow) =
                    a == 0
                    ? (0, false)
                    : (first[row].magnitude / a).multipliedReportingOverflow(by: second[row].magnitude)
                result = overflow ? .max : product
            }
            guard let fitting = Int64(exactly: result) else {
                throw KernelError(.overflow, "the result is out of range", ["function": call.function.name])
            }
            return fitting
        }
        return try column.cast(to: call.result)
    }

    private static func isNaN(_ call: KernelCall) throws(KernelError) -> Column {
        let bits =
            call.arguments[0].type.isFloating
            ? testFixed(try call.double(0), count: call.rowCount) { $0 != $0 }
            : Bitmap(repeating: false, count: call.rowCount)
        return Column(.boolean, count: call.rowCount, .boolean(bits), validity: call.validity)
    }
}
