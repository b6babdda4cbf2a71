import Columnar

/// Counts what values will take in a column, before they are put into one.
struct ScalarSize {
    private(set) var elements = 0
    private(set) var bytes = 0
    private let supervisor: (any KernelSupervisor)?
    private var watch: StepWatch

    init(_ supervisor: (any KernelSupervisor)? = nil) {
        self.supervisor = supervisor
        watch = StepWatch(supervisor)
    }

    /// - Errors: `KRN-106` above what one computed column may hold.
    mutating func add(_ value: Scalar) throws(KernelError) {
        try count(value)
        try check()
    }

    /// A list that has the value so many times; counted without making it.
    ///
    /// - Errors: `KRN-106`.
    mutating func add(listOf value: Scalar, count: Int) throws(KernelError) {
        var one = ScalarSize(supervisor)
        try one.add(value)
        elements = Int(clamping: Int128(elements) + Int128(1 + one.elements) * Int128(count))
        bytes = Int(clamping: Int128(bytes) + Int128(one.bytes) * Int128(count))
        try check()
    }

    private func check() throws(KernelError) {
        try RowPlan.check(elements: elements)
        guard bytes <= RowPlan.columnLimit else {
            throw KernelError(
                .tooLarge, "values are too large", ["limit": RowPlan.columnLimit, "bytes": bytes])
        }
    }

    /// Stops at the limits: how far a value is beyond them does not matter.
    private mutating func count(_ value: Scalar) throws(KernelError) {
        try watch.step()
        guard elements <= RowPlan.elementLimit, bytes <= RowPlan.columnLimit else { return }
        switch value {
        case .null, .boolean, .int, .float: bytes += 4
        case .long, .double: bytes += 8
        case .int128, .interval: bytes += 16
        case .string(let text): bytes += 16 + text.utf8.count
        case .bytes(let text): bytes += 16 + text.count
        case .structure(let fields): for field in fields { try count(field) }
        case .list(let items):
            elements += items.count
            for item in items { try count(item) }
        case .map(let pairs):
            elements += pairs.count
            for pair in pairs {
                try count(pair.key)
                try count(pair.value)
            }
        }
    }
}
