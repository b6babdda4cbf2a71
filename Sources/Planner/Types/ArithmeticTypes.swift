import Columnar
import Kernels

/// The result types of `+ - * / %`; nil where there is no such operation.
///
/// Numbers follow PostgreSQL. Decimals there have no bound; here a result keeps all digits up to 38. A product that could
/// have more keeps its digits behind the point, 20 at most or as many as a factor has: a number too large for what is left
/// is an error. A quotient has 16 behind the point, as PostgreSQL's has at least, or down to six where 38 digits do not
/// hold more.
///
/// DuckDB and DataFusion keep all digits behind the point of a product; their quotients have few or are doubles, so that it
/// does not come to products of 32 digits behind the point.
enum ArithmeticTypes {
    static func result(_ function: ScalarFunction, _ left: DataType, _ right: DataType) -> DataType? {
        if let common = left.numericCommon(with: right) {
            return common.isDecimal ? decimal(function, left.decimalShape, right.decimalShape) : common
        }
        return temporal(function, left, right)
    }

    private static func decimal(
        _ function: ScalarFunction, _ left: (precision: Int, scale: Int),
        _ right: (precision: Int, scale: Int)
    ) -> DataType {
        let leftWhole = left.precision - left.scale
        let rightWhole = right.precision - right.scale
        let scale = max(left.scale, right.scale)
        switch function {
        case .multiply:
            return fitted(
                whole: leftWhole + rightWhole, scale: left.scale + right.scale,
                least: max(scale, productScale))
        case .divide:
            return fitted(
                whole: leftWhole + right.scale, scale: max(16, left.scale + right.precision + 1), least: 6)
        case .modulo: return fitted(whole: min(leftWhole, rightWhole), scale: scale, least: scale)
        default: return fitted(whole: max(leftWhole, rightWhole) + 1, scale: scale, least: scale)
        }
    }

    /// Leaves 18 digits before the point.
    private static let productScale = 20

    /// Takes digits off the end, down to `least` of them, when there are too many.
    private static func fitted(whole: Int, scale: Int, least: Int) -> DataType {
        let limit = DataType.maximumPrecision
        if whole + scale <= limit { return .decimal(precision: max(1, whole + scale), scale: scale) }
        let kept = min(limit, max(min(least, scale), limit - whole))
        return .decimal(precision: limit, scale: kept)
    }

    private static func temporal(_ function: ScalarFunction, _ left: DataType, _ right: DataType) -> DataType?
    {
        switch (function, left, right) {
        case (.add, .date, .int), (.add, .int, .date), (.subtract, .date, .int): .date
        case (.subtract, .date, .date): .int
        case (.add, .date, .interval), (.add, .interval, .date), (.subtract, .date, .interval): .timestamp
        case (.add, .date, .time), (.add, .time, .date): .timestamp
        case (.add, .interval, .interval), (.subtract, .interval, .interval): .interval
        case (.multiply, .interval, let number), (.multiply, let number, .interval):
            number.isNumeric ? .interval : nil
        case (.divide, .interval, let number): number.isNumeric ? .interval : nil
        case (.add, .time, .interval), (.add, .interval, .time), (.subtract, .time, .interval): .time
        case (.subtract, .time, .time): .interval
        case (.add, let time, .interval), (.add, .interval, let time), (.subtract, let time, .interval):
            time.isTimestamp ? time : nil
        case (.subtract, let first, let second): first.isTimestamp && first == second ? .interval : nil
        default: nil
        }
    }
}
