package import Columnar

extension Scalar {
    /// Negative, zero or positive; nulls last. Both have the same type. For rare types and for tests.
    package func order(comparedTo other: Scalar) -> Int {
        switch (self, other) {
        case (.null, .null): 0
        case (.null, _): 1
        case (_, .null): -1
        case (.boolean(let a), .boolean(let b)): (a ? 1 : 0) - (b ? 1 : 0)
        case (.int(let a), .int(let b)): a < b ? -1 : a > b ? 1 : 0
        case (.long(let a), .long(let b)): a < b ? -1 : a > b ? 1 : 0
        case (.int128(let a), .int128(let b)): a < b ? -1 : a > b ? 1 : 0
        case (.float(let a), .float(let b)): Self.order(Double(a), Double(b))
        case (.double(let a), .double(let b)): Self.order(a, b)
        case (.string(let a), .string(let b)): Self.order(a.utf8, b.utf8)
        case (.bytes(let a), .bytes(let b)): Self.order(a, b)
        case (.interval(let a), .interval(let b)):
            a.approximateMicroseconds < b.approximateMicroseconds
                ? -1 : a.approximateMicroseconds > b.approximateMicroseconds ? 1 : 0
        case (.list(let a), .list(let b)), (.structure(let a), .structure(let b)): Self.order(a, b)
        case (.map(let a), .map(let b)):
            Self.order(a.flatMap { [$0.key, $0.value] }, b.flatMap { [$0.key, $0.value] })
        default: preconditionFailure("values of unlike types: \(self), \(other)")
        }
    }

    private static func order(_ a: Double, _ b: Double) -> Int {
        if a.isNaN || b.isNaN { return (a.isNaN ? 1 : 0) - (b.isNaN ? 1 : 0) }
        return a < b ? -1 : a > b ? 1 : 0
    }

    private static func order(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Int {
        for (left, right) in zip(a, b) where left != right { return left < right ? -1 : 1 }
        return a.count - b.count
    }

    private static func order(_ a: [Scalar], _ b: [Scalar]) -> Int {
        for (left, right) in zip(a, b) {
            let order = left.order(comparedTo: right)
            if order != 0 { return order }
        }
        return a.count - b.count
    }
}

extension Interval {
    /// The length for comparing: a month is 30 days, a day 24 hours.
    package var approximateMicroseconds: Int128 {
        (Int128(months) * 30 + Int128(days)) * 86_400_000_000 + Int128(microseconds)
    }
}
