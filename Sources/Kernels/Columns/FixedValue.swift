import Columnar

/// A value of fixed width that columns hold in a plain array.
///
/// Kernels are written once over this and specialised by the compiler for each width.
protocol FixedValue: BitwiseCopyable, Sendable, Hashable, Comparable {
    static var zero: Self { get }
    static func items(of values: ColumnValues) -> [Self]?
    static func column(_ items: [Self]) -> ColumnValues
    init?(_ scalar: Scalar)
    /// Whether it sorts before the other: NaN is the largest.
    func precedes(_ other: Self) -> Bool
}

extension FixedValue {
    @inline(__always)
    func precedes(_ other: Self) -> Bool { self < other }
}

extension FixedValue where Self: BinaryFloatingPoint {
    @inline(__always)
    func precedes(_ other: Self) -> Bool { self < other || (other != other && self == self) }
}

extension Int32: FixedValue {
    static func items(of values: ColumnValues) -> [Int32]? {
        if case .int32(let items) = values { items } else { nil }
    }
    static func column(_ items: [Int32]) -> ColumnValues { .int32(items) }
    init?(_ scalar: Scalar) {
        guard case .int(let value) = scalar else { return nil }
        self = value
    }
}

extension Int64: FixedValue {
    static func items(of values: ColumnValues) -> [Int64]? {
        if case .int64(let items) = values { items } else { nil }
    }
    static func column(_ items: [Int64]) -> ColumnValues { .int64(items) }
    init?(_ scalar: Scalar) {
        switch scalar {
        case .long(let value): self = value
        case .int(let value): self = Int64(value)
        default: return nil
        }
    }
}

extension Int128: FixedValue {
    static func items(of values: ColumnValues) -> [Int128]? {
        if case .int128(let items) = values { items } else { nil }
    }
    static func column(_ items: [Int128]) -> ColumnValues { .int128(items) }
    init?(_ scalar: Scalar) {
        switch scalar {
        case .int128(let value): self = value
        case .long(let value): self = Int128(value)
        default: return nil
        }
    }
}

extension Float: FixedValue {
    static func items(of values: ColumnValues) -> [Float]? {
        if case .float(let items) = values { items } else { nil }
    }
    static func column(_ items: [Float]) -> ColumnValues { .float(items) }
    init?(_ scalar: Scalar) {
        guard case .float(let value) = scalar else { return nil }
        self = value
    }
}

extension Double: FixedValue {
    static func items(of values: ColumnValues) -> [Double]? {
        if case .double(let items) = values { items } else { nil }
    }
    static func column(_ items: [Double]) -> ColumnValues { .double(items) }
    init?(_ scalar: Scalar) {
        guard case .double(let value) = scalar else { return nil }
        self = value
    }
}
