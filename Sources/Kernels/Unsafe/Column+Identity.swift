import Columnar

extension Column {
    /// Whether both hold the very same memory, so that equal positions mean equal values. False when that is not easy
    /// to see.
    ///
    /// The answer holds as long as both columns live: memory in use is not given out again.
    func sharesValues(with other: Column) -> Bool {
        guard type == other.type, count == other.count else { return false }
        switch (values, other.values) {
        case (.string(let left), .string(let right)): return Self.isSame(left.views, right.views)
        case (.int32(let left), .int32(let right)): return Self.isSame(left, right)
        case (.int64(let left), .int64(let right)): return Self.isSame(left, right)
        default: return false
        }
    }

    private static func isSame<Element>(_ left: [Element], _ right: [Element]) -> Bool {
        // SAFETY: the addresses are compared, never read through.
        unsafe left.withUnsafeBufferPointer { left in
            unsafe right.withUnsafeBufferPointer { right in
                unsafe left.baseAddress == right.baseAddress && left.count == right.count
            }
        }
    }
}
