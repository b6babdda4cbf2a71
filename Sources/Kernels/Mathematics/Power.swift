import Columnar
import Foundation

/// `power(a, b)` and `a ^ b` over doubles.
///
/// - Errors: `overflow` where finite numbers have no finite result; `invalidArgument` for zero to a negative power, and of the
///   operator for a root of a negative number, of which the function gives NaN.
/// - Source: PostgreSQL for the operator, DataFusion for the function, which gives an infinite result however.
enum Power {
    static func evaluate(_ call: KernelCall) throws(KernelError) -> Column {
        let bases = try call.double(0)
        let exponents = try call.double(1)
        let isOperator = call.function == .raise
        var suspiciousCount = 0
        let items: [Double] = zipFixed(bases, exponents, count: call.rowCount) {
            let value = Foundation.pow($0, $1)
            suspiciousCount &+= value.isFinite ? 0 : 1
            return value
        }
        if suspiciousCount > 0 {
            for row in 0..<call.rowCount where call.validity?[row] ?? true {
                try check(items[row], bases[row], exponents[row], isOperator: isOperator, row)
            }
        }
        return try Column(.double, count: call.rowCount, .double(items), validity: call.validity).cast(
            to: call.result)
    }

    private static func check(
        _ value: Double, _ base: Double, _ exponent: Double, isOperator: Bool, _ row: Int
    ) throws(KernelError) {
        guard !value.isFinite, base.isFinite, exponent.isFinite else { return }
        if base == 0 {
            throw KernelError(
                .invalidArgument, "zero has no negative power", ["exponent": exponent], row: row)
        }
        let operation = isOperator ? "\(base) ^ \(exponent)" : "power(\(base), \(exponent))"
        if value.isNaN {
            guard isOperator else { return }
            throw KernelError(
                .invalidArgument, "a negative number has only whole powers", ["operation": operation],
                row: row)
        }
        throw KernelError(.overflow, "the result is out of range", ["operation": operation], row: row)
    }
}
