import Faults
import Scheduling
import Synchronization

/// One running statement's place in the registry; leaving without a word cancels it.
final class QueryTicket: Sendable {
    let id: String
    private let cancellation: CancellationToken
    private let registry: QueryRegistry
    private let rows = Atomic<Int64>(0)
    private let isFinished = Atomic<Bool>(false)

    init(id: String, cancellation: CancellationToken, registry: QueryRegistry) {
        self.id = id
        self.cancellation = cancellation
        self.registry = registry
    }

    deinit {
        // The reader went away before the last row.
        if !isFinished.load(ordering: .acquiring) {
            cancellation.cancel()
            finish(.cancelled)
        }
    }

    /// How the statement's plan comes along, for who looks at it.
    func show(profile: @escaping @Sendable () -> String) { registry.show(id, profile: profile) }

    func count(rows count: Int) { rows.add(Int64(count), ordering: .relaxed) }

    func finish(_ outcome: QueryRecord.State, fault: String? = nil) {
        guard !isFinished.exchange(true, ordering: .acquiringAndReleasing) else { return }
        registry.end(id, outcome, rowCount: rows.load(ordering: .relaxed), fault: fault)
    }

    func finish(fault error: any Error) {
        let fault = error as? any Fault
        let isCancelled = fault?.kind == .cancelled || error is CancellationError || cancellation.isCancelled
        finish(isCancelled ? .cancelled : .failed, fault: fault?.description ?? "\(error)")
    }
}
