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
