import Columnar

/// Exact sums of integers and decimals: 128 bits inside, checked at the end.
struct ExactSum<Input: FixedValue & FixedWidthInteger, Output: FixedValue & FixedWidthInteger>: Accumulator {
    private var sum: Int128 = 0
    /// How often 128 bits are to be added to it: what overflows may come back.
    private var carry: Int64 = 0
    private var hasValues = false

    init() {}

    @inline(__always)
    mutating func add(_ value: Input) { addWide(Int128(truncatingIfNeeded: value)) }

    @inline(__always)
    private mutating func addWide(_ value: Int128) {
        let (total, overflow) = sum.addingReportingOverflow(value)
        sum = total
        if overflow { carry &+= value < 0 ? -1 : 1 }
        hasValues = true
    }

    mutating func merge(_ other: ExactSum) {
        guard other.hasValues else { return }
        addWide(other.sum)
        carry &+= other.carry
    }

    func result(_ type: DataType, of input: DataType) throws(KernelError) -> Output? {
        guard hasValues else { return nil }
        let isFitting: Bool =
            if case .decimal(let precision, _) = type {
                sum.magnitude < DecimalMath.bound(precision).magnitude
            } else {
                true
            }
        guard carry == 0, isFitting, let output = Output(exactly: sum) else {
            throw KernelError(.overflow, "the sum is out of range", ["type": "\(type)"])
        }
        return output
    }
}

/// Means of integers: an exact sum, divided once.
struct IntegerMean: Accumulator {
    private var sum: Int128 = 0
    private var count: Int64 = 0

    init() {}

    @inline(__always)
    mutating func add(_ value: Int64) {
        sum &+= Int128(truncatingIfNeeded: value)
        count &+= 1
    }

    mutating func merge(_ other: IntegerMean) {
        sum &+= other.sum
        count &+= other.count
    }

    func result(_ type: DataType, of input: DataType) throws(KernelError) -> Double? {
        count == 0 ? nil : Double(sum) / Double(count)
    }
}

struct DoubleSum: Accumulator {
    private var sum = 0.0
    private var hasValues = false

    init() {}

    @inline(__always)
    mutating func add(_ value: Double) {
        sum += value
        hasValues = true
    }

    mutating func merge(_ other: DoubleSum) {
        sum += other.sum
        hasValues = hasValues || other.hasValues
    }

    func result(_ type: DataType, of input: DataType) throws(KernelError) -> Double? { hasValues ? sum : nil }
}

struct DoubleMean: Accumulator {
    private var sum = 0.0
    private var count: Int64 = 0

    init() {}

    @inline(__always)
    mutating func add(_ value: Double) {
        sum += value
        count &+= 1
    }

    mutating func merge(_ other: DoubleMean) {
        sum += other.sum
        count &+= other.count
    }

    func result(_ type: DataType, of input: DataType) throws(KernelError) -> Double? {
        count == 0 ? nil : sum / Double(count)
    }
}

/// The smallest value; NaN is the largest of all.
struct Smallest<Value: FixedValue>: Accumulator {
    private var value = Value.zero
    private var hasValues = false

    init() {}

    @inline(__always)
    mutating func add(_ candidate: Value) {
        if !hasValues || candidate.precedes(value) { value = candidate }
        hasValues = true
    }

    mutating func merge(_ other: Smallest) {
        if other.hasValues { add(other.value) }
    }

    func result(_ type: DataType, of input: DataType) throws(KernelError) -> Value? {
        hasValues ? value : nil
    }
}

struct Largest<Value: FixedValue>: Accumulator {
    private var value = Value.zero
    private var hasValues = false

    init() {}

    @inline(__always)
    mutating func add(_ candidate: Value) {
        if !hasValues || value.precedes(candidate) { value = candidate }
        hasValues = true
    }

    mutating func merge(_ other: Largest) {
        if other.hasValues { add(other.value) }
    }

    func result(_ type: DataType, of input: DataType) throws(KernelError) -> Value? {
        hasValues ? value : nil
    }
}
