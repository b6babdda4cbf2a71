import Faults
import Scheduling
import Synchronization

/// One running statement's place in the registry; leaving without a word cancels it.
final class QueryTicket: Sendable {
    let id: String
    private let cancellation: CancellationToken
    private let registry: QueryRegistry
    private let rows: RowCount
    private let isFinished = Atomic<Bool>(false)

    init(id: String, rows: RowCount, cancellation: CancellationToken, registry: QueryRegistry) {
        self.id = id
        self.rows = rows
        self.cancellation = cancellation
        self.registry = registry
    }

    deinit {
        // The reader went away before the last row, or was made to.
        guard !isFinished.load(ordering: .acquiring) else { return }
        if let reason = cancellation.reason { return finish(fault: reason) }
        cancellation.cancel()
        finish(.cancelled)
    }

    /// How the statement's plan comes along, for who looks at it.
    func show(profile: @escaping @Sendable () -> String) { registry.show(id, profile: profile) }

    func count(rows count: Int) { rows.add(count) }

    func finish(_ outcome: QueryRecord.State, fault: String? = nil) {
        guard !isFinished.exchange(true, ordering: .acquiringAndReleasing) else { return }
        registry.end(id, outcome, rowCount: rows.value, fault: fault)
    }

    func finish(fault error: any Error) {
        let fault = error as? any Fault
        let reason = cancellation.reason
        let isGivenUp = fault?.kind == .cancelled || error is CancellationError
        let told: any Error = isGivenUp ? reason ?? error : error
        // Nobody asked it to end that ran past its deadline.
        let isCancelled = (isGivenUp || reason != nil) && reason?.code != .deadlineExceeded
        finish(isCancelled ? .cancelled : .failed, fault: (told as? any Fault)?.description ?? "\(told)")
    }
}
