import Columnar

/// Compares exact numbers of which no one type holds both, such as 10^37 and 0.1.
enum DecimalComparison {
    /// One bit a row; bits of null rows are anything.
    static func bits(
        _ comparison: ComparisonOperator, _ left: Column, _ right: Column
    ) throws(KernelError) -> Bitmap {
        let (leftScale, rightScale) = (left.type.decimalShape.scale, right.type.decimalShape.scale)
        let (first, second) = (try digits(left, leftScale), try digits(right, rightScale))
        if leftScale <= rightScale {
            let power = DecimalMath.powers[rightScale - leftScale]
            return testFixed(first, second, count: left.count) {
                comparison.holds(order($0, to: $1, power))
            }
        }
        let power = DecimalMath.powers[leftScale - rightScale]
        return testFixed(first, second, count: left.count) {
            comparison.holds(-order($1, to: $0, power))
        }
    }

    private static func digits(_ column: Column, _ scale: Int) throws(KernelError) -> Operand<Int128> {
        try column.cast(to: .decimal(precision: DataType.maximumPrecision, scale: scale)).operand()
    }

    /// How a value stands to another that has `power` times as many digits behind the point: first what both have, then
    /// the rest, which has the sign of the value.
    @inline(__always)
    private static func order(_ coarse: Int128, to fine: Int128, _ power: Int128) -> Int {
        let (whole, rest) = fine.quotientAndRemainder(dividingBy: power)
        if coarse != whole { return coarse < whole ? -1 : 1 }
        return rest == 0 ? 0 : rest > 0 ? -1 : 1
    }
}
