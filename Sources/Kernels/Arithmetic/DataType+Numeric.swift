package import Columnar

extension DataType {
    /// The number type that holds the values of both: PostgreSQL's order int, long, decimal, float, double. Nil unless
    /// both are numbers. float with long or decimal gives double.
    package func numericCommon(with other: DataType) -> DataType? {
        guard isNumeric, other.isNumeric else { return nil }
        if self == other { return self }
        if isFloating || other.isFloating {
            let isFloat = (self == .float || self == .int) && (other == .float || other == .int)
            return isFloat && (self == .float && other == .float) ? .float : .double
        }
        guard isDecimal || other.isDecimal else { return .long }
        let (leftPrecision, leftScale) = decimalShape
        let (rightPrecision, rightScale) = other.decimalShape
        let scale = max(leftScale, rightScale)
        let whole = max(leftPrecision - leftScale, rightPrecision - rightScale)
        return .decimal(precision: min(Self.maximumPrecision, whole + scale), scale: scale)
    }

    /// Whether two exact numbers have together more digits than a decimal; their values are then compared as they are.
    package func outgrows(with other: DataType) -> Bool {
        guard isInteger || isDecimal, other.isInteger || other.isDecimal else { return false }
        let (left, right) = (decimalShape, other.decimalShape)
        return max(left.precision - left.scale, right.precision - right.scale) + max(left.scale, right.scale)
            > Self.maximumPrecision
    }

    /// The digits an integer or decimal type needs as a decimal.
    package var decimalShape: (precision: Int, scale: Int) {
        switch self {
        case .decimal(let precision, let scale): (precision, scale)
        case .int: (10, 0)
        case .long: (19, 0)
        default: (Self.maximumPrecision, 0)
        }
    }
}
