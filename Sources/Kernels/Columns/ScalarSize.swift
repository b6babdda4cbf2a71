import Columnar

/// Counts what values will take in a column, before they are put into one.
struct ScalarSize {
    private(set) var elements = 0
    private(set) var bytes = 0

    /// - Errors: `KRN-106` above what one computed column may hold.
    mutating func add(_ value: Scalar) throws(KernelError) {
        count(value)
        try RowPlan.check(elements: elements)
        guard bytes <= RowPlan.columnLimit else {
            throw KernelError(
                .tooLarge, "values are too large", ["limit": RowPlan.columnLimit, "bytes": bytes])
        }
    }

    /// Stops at the limits: how far a value is beyond them does not matter.
    private mutating func count(_ value: Scalar) {
        guard elements <= RowPlan.elementLimit, bytes <= RowPlan.columnLimit else { return }
        switch value {
        case .null, .boolean, .int, .float: bytes += 4
        case .long, .double: bytes += 8
        case .int128, .interval: bytes += 16
        case .string(let text): bytes += 16 + text.utf8.count
        case .bytes(let text): bytes += 16 + text.count
        case .structure(let fields): for field in fields { count(field) }
        case .list(let items):
            elements += items.count
            for item in items { count(item) }
        case .map(let pairs):
            elements += pairs.count
            for pair in pairs {
                count(pair.key)
                count(pair.value)
            }
        }
    }
}
