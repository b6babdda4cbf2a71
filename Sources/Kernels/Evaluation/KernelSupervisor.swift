/// Whoever a computation works for: may end it, and lends it memory for what it makes.
package protocol KernelSupervisor: Sendable {
    /// Nobody wants the result any more.
    var isStopped: Bool { get }

    /// A hold of no bytes for one result; nil where memory is not counted.
    func makeHold() -> (any KernelHold)?
}

/// Memory lent to one result while it is made; given back when this goes away.
package protocol KernelHold: AnyObject {
    /// False when so much is not free; then nothing changes.
    func grow(to bytes: Int) -> Bool
}

/// Asks the supervisor now and then, so that no row pays for it.
///
/// - Errors: `KRN-301` when the computation was stopped, `KRN-302` when there is no memory for its result.
struct KernelWatch {
    /// Small results are not worth a question: batches are counted by whoever keeps them.
    private static let stepBytes = 1 << 20
    private static let stepRows = 64

    private let supervisor: (any KernelSupervisor)?
    private var hold: (any KernelHold)?
    private var heldBytes = 0
    private var rowsLeft = Self.stepRows

    init(_ supervisor: (any KernelSupervisor)?) { self.supervisor = supervisor }

    /// A row is done and the results have so many bytes, or soon will.
    @inline(__always)
    mutating func look(bytes: Int) throws(KernelError) {
        rowsLeft -= 1
        if rowsLeft > 0, bytes &- heldBytes < Self.stepBytes { return }
        try ask(bytes: bytes)
    }

    private mutating func ask(bytes: Int) throws(KernelError) {
        rowsLeft = Self.stepRows
        try KernelError.checkInterruption(supervisor)
        guard let supervisor else { return }
        guard bytes - heldBytes >= Self.stepBytes else { return }
        // Arrays grow by doubling.
        let wanted = bytes * 2
        if hold == nil { hold = supervisor.makeHold() }
        guard hold?.grow(to: wanted) ?? true else {
            throw KernelError(
                .memoryExhausted, "there is not enough memory for the result of a function",
                ["wanted-bytes": wanted])
        }
        heldBytes = wanted
    }
}

extension KernelError {
    /// TRY answers null for these only: not for want of memory or of somebody who waits.
    var isOfTheRow: Bool { code != .interrupted && code != .memoryExhausted }

    /// A batch of fewer rows may do where this one was too large.
    package var asksForFewerRows: Bool { code == .tooLarge || code == .memoryExhausted }
}
