import Columnar

/// Integers folded bit by bit.
struct BitsAnd: Accumulator {
    private var bits: Int64 = -1
    private var hasValues = false
    init() {}
    mutating func add(_ value: Int64) {
        bits &= value
        hasValues = true
    }
    mutating func merge(_ other: BitsAnd) {
        bits &= other.bits
        hasValues = hasValues || other.hasValues
    }
    func result(_ type: DataType, of input: DataType) throws(KernelError) -> Int64? { hasValues ? bits : nil }
}

struct BitsOr: Accumulator {
    private var bits: Int64 = 0
    private var hasValues = false
    init() {}
    mutating func add(_ value: Int64) {
        bits |= value
        hasValues = true
    }
    mutating func merge(_ other: BitsOr) {
        bits |= other.bits
        hasValues = hasValues || other.hasValues
    }
    func result(_ type: DataType, of input: DataType) throws(KernelError) -> Int64? { hasValues ? bits : nil }
}

struct BitsXor: Accumulator {
    private var bits: Int64 = 0
    private var hasValues = false
    init() {}
    mutating func add(_ value: Int64) {
        bits ^= value
        hasValues = true
    }
    mutating func merge(_ other: BitsXor) {
        bits ^= other.bits
        hasValues = hasValues || other.hasValues
    }
    func result(_ type: DataType, of input: DataType) throws(KernelError) -> Int64? { hasValues ? bits : nil }
}
