package import Columnar

/// Orders two payloads of one column the way Iceberg orders bounds.
package enum ScalarOrder {
    /// Below zero, zero or above zero; nil when nothing can be said: nulls, NaN, nested values, kinds that do not
    /// compare. Numbers of different widths compare, because a column's type may have been widened since.
    package static func compare(_ left: Scalar, _ right: Scalar) -> Int? {
        switch (left, right) {
        case (.boolean(let a), .boolean(let b)): return order(a ? 1 : 0, b ? 1 : 0)
        case (.string(let a), .string(let b)): return bytes(a.utf8, b.utf8)
        case (.bytes(let a), .bytes(let b)): return bytes(a, b)
        default: break
        }
        if let a = wideInteger(left), let b = wideInteger(right) { return order(a, b) }
        if let a = floating(left), let b = floating(right), !a.isNaN, !b.isNaN { return order(a, b) }
        return nil
    }

    private static func order<Value: Comparable>(_ a: Value, _ b: Value) -> Int { a < b ? -1 : a > b ? 1 : 0 }

    private static func bytes(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Int {
        a.lexicographicallyPrecedes(b) ? -1 : b.lexicographicallyPrecedes(a) ? 1 : 0
    }

    private static func wideInteger(_ value: Scalar) -> Int128? {
        switch value {
        case .int(let number): Int128(number)
        case .long(let number): Int128(number)
        case .int128(let number): number
        default: nil
        }
    }

    private static func floating(_ value: Scalar) -> Double? {
        switch value {
        case .float(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }

    package static func isFloating(_ value: Scalar) -> Bool { floating(value) != nil }
    package static func isNaN(_ value: Scalar) -> Bool { floating(value)?.isNaN ?? false }
}
