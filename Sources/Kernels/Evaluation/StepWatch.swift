/// Asks within a long row, every so many steps of its loop, whether the work is still wanted.
///
/// - Errors: `KRN-301` when it is not.
struct StepWatch {
    /// Some tens of microseconds of the loops that count.
    private static let limit = 1 << 12

    private let supervisor: (any KernelSupervisor)?
    private var steps = 0

    init(_ supervisor: (any KernelSupervisor)?) { self.supervisor = supervisor }

    @inline(__always)
    mutating func step(_ count: Int = 1) throws(KernelError) {
        steps &+= count
        if steps >= Self.limit { try ask() }
    }

    private mutating func ask() throws(KernelError) {
        steps = 0
        try KernelError.checkInterruption(supervisor)
    }
}

extension StepWatch {
    /// The items in order, for sorts of millions.
    ///
    /// - Errors: `KRN-301`.
    @inline(__always)
    static func sorted<Item>(
        _ items: [Item], _ supervisor: (any KernelSupervisor)?, by precedes: (Item, Item) -> Bool
    ) throws(KernelError) -> [Item] {
        var watch = StepWatch(supervisor)
        do {
            return try items.sorted { left, right in
                try watch.step()
                return precedes(left, right)
            }
        } catch {
            // A sort does not say which kind of error it throws; nothing else does in there.
            throw KernelError.interruption
        }
    }
}
