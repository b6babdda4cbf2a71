import Kernels
import Scheduling
import Synchronization

/// Memory for what a pipeline's expressions make of its events, which may be far more than the events themselves.
struct ExpressionMemory: Sendable {
    /// What the rows of one batch may take; a single row that takes more is rejected.
    private static let mostBytes = 256 << 20

    let ledger: MemoryLedger
    /// A node's pipelines and queries share its ledger: of a small one nobody gets much.
    let limit: Int

    init(ledger: MemoryLedger) {
        self.ledger = ledger
        limit = max(1, min(Self.mostBytes, ledger.limit / 8))
    }

    /// Of no bytes yet.
    func hold() throws(SchedulingError) -> RowsHold { try RowsHold(self) }
}

/// What functions made of some rows, until they are written.
///
/// - Threads: one at a time.
final class RowsHold: Sendable {
    private let memory: ExpressionMemory
    private let reservation: MemoryReservation
    private let shortage = Mutex<SchedulingError?>(nil)

    fileprivate init(_ memory: ExpressionMemory) throws(SchedulingError) {
        self.memory = memory
        reservation = try memory.ledger.reserve(0, for: "what a pipeline makes of events")
    }

    /// False when the rows take too much, or when so much is not free now.
    fileprivate func take(_ bytes: Int) -> Bool {
        let wanted = reservation.bytes + bytes
        guard wanted <= memory.limit else { return false }
        do throws(SchedulingError) {
            try reservation.resize(to: wanted)
            return true
        } catch {
            shortage.withLock { $0 = error }
            return false
        }
    }

    /// The rows take no more than so much.
    func shrink(to bytes: Int) throws(SchedulingError) {
        try reservation.resize(to: min(bytes, reservation.bytes))
    }

    /// Why the ledger refused: another time it may not.
    var ledgerRefusal: SchedulingError? { shortage.withLock { $0 } }
}

/// Ends what is computed for a runner that stops, and counts what it makes.
struct ExpressionSupervisor: KernelSupervisor {
    let runner: (any KernelSupervisor)?
    let rows: RowsHold

    var isStopped: Bool { runner?.isStopped ?? false }

    func makeHold() -> (any KernelHold)? { ResultHold(rows) }
}

/// One function's result while it is made; then the rows keep it, because what is made of it may keep it too.
private final class ResultHold: KernelHold {
    private let rows: RowsHold
    private var bytes = 0

    init(_ rows: RowsHold) { self.rows = rows }

    func grow(to wanted: Int) -> Bool {
        guard rows.take(wanted - bytes) else { return false }
        bytes = wanted
        return true
    }
}
