import Columnar

/// Means of decimals: an exact sum, divided once at the digits of the output's scale.
struct DecimalMean<Input: FixedValue & FixedWidthInteger>: Accumulator {
    private var sum: Int128 = 0
    private var count: Int64 = 0
    private var isOverflown = false

    init() {}

    @inline(__always)
    mutating func add(_ value: Input) {
        let (total, overflow) = sum.addingReportingOverflow(Int128(truncatingIfNeeded: value))
        sum = total
        isOverflown = isOverflown || overflow
        count &+= 1
    }

    mutating func merge(_ other: DecimalMean) {
        let (total, overflow) = sum.addingReportingOverflow(other.sum)
        sum = total
        isOverflown = isOverflown || overflow || other.isOverflown
        count &+= other.count
    }

    func result(_ output: DataType, of input: DataType) throws(KernelError) -> Int128? {
        guard count > 0 else { return nil }
        let digits = output.decimalShape.scale - input.decimalShape.scale
        let factor = DecimalMath.powers[max(0, digits)]
        let divisor = Int128(count) * DecimalMath.powers[max(0, -digits)]
        guard !isOverflown, let mean = DecimalMath.multiplyDivide(sum, factor, by: divisor) else {
            throw KernelError(
                .overflow, "the mean has more digits than its type",
                ["values": "\(input)", "type": "\(output)"])
        }
        return mean
    }
}
