import Columnar

/// Means of decimals: an exact sum, divided once at the digits of the output's scale.
struct DecimalMean<Input: FixedValue & FixedWidthInteger>: Accumulator {
    private var sum: Int128 = 0
    private var count: Int64 = 0
    /// How often 128 bits are to be added to the sum.
    private var carry: Int64 = 0

    init() {}

    @inline(__always)
    mutating func add(_ value: Input) {
        let (total, overflow) = sum.addingReportingOverflow(Int128(truncatingIfNeeded: value))
        sum = total
        if overflow { carry &+= value < 0 ? -1 : 1 }
        count &+= 1
    }

    mutating func merge(_ other: DecimalMean) {
        let (total, overflow) = sum.addingReportingOverflow(other.sum)
        sum = total
        if overflow { carry &+= other.sum < 0 ? -1 : 1 }
        carry &+= other.carry
        count &+= other.count
    }

    func result(_ output: DataType, of input: DataType) throws(KernelError) -> Int128? {
        guard count > 0 else { return nil }
        let digits = output.decimalShape.scale - input.decimalShape.scale
        let factor = DecimalMath.powers[max(0, digits)]
        let divisor = Int128(count) * DecimalMath.powers[max(0, -digits)]
        let mean =
            carry == 0
            ? DecimalMath.multiplyDivide(sum, factor, by: divisor)
            : DecimalMath.multiplyDivide(carry, sum, factor, by: divisor)
        guard let mean else {
            throw KernelError(
                .overflow, "the mean has more digits than its type",
                ["values": "\(input)", "type": "\(output)"])
        }
        return mean
    }
}
