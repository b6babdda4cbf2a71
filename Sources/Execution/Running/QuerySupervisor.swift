import Kernels
import Scheduling

/// Ends computations inside a batch when the query ends, and counts what they make in the query's memory.
struct QuerySupervisor: KernelSupervisor {
    let context: QueryContext

    var isStopped: Bool {
        do {
            try context.check()
            return false
        } catch {
            // `QueryRun` asks again and says why.
            return true
        }
    }

    func makeHold() -> (any KernelHold)? { ResultHold(context.memory) }
}

/// What one function's result takes while it is made; then whoever keeps the batch counts it.
private final class ResultHold: KernelHold {
    private let memory: MemoryBudget
    private var reservation: MemoryReservation?

    init(_ memory: MemoryBudget) { self.memory = memory }

    func grow(to bytes: Int) -> Bool {
        do {
            if let reservation {
                try reservation.resize(to: bytes)
            } else {
                reservation = try memory.reserve(bytes, for: "a function's result")
            }
            return true
        } catch {
            // A ledger refuses for one reason.
            return false
        }
    }
}
