import Scheduling
import Synchronization

/// Memory for what all pipelines of a node have read and parsed and not yet written.
///
/// It is reserved in the node's ledger. When that refuses, one slice in the node may go on without: something always
/// lands, however little memory there is and however large a record is.
final class SliceMemory: Sendable {
    private static let pauseNanoseconds: UInt64 = 50_000_000

    private let ledger: MemoryLedger
    private let isPassTaken = Mutex(false)

    init(ledger: MemoryLedger) { self.ledger = ledger }

    /// Nil when there is no memory now. Only who holds nothing else should ask for the pass.
    func hold(_ bytes: Int, mayPass: Bool) throws(SchedulingError) -> SliceHold? {
        do throws(SchedulingError) {
            return SliceHold(try ledger.reserve(bytes, for: "records of pipelines"), self)
        } catch {
            guard error.code == .memoryExhausted else { throw error }
            return mayPass && takePass() ? SliceHold(nil, self) : nil
        }
    }

    /// Waits until there is memory, or the pass is free.
    ///
    /// - Errors: the token's reason.
    func holdWaiting(_ bytes: Int, token: CancellationToken) async throws -> SliceHold {
        while true {
            if let hold = try hold(bytes, mayPass: true) { return hold }
            try token.check()
            try await Task.sleep(nanoseconds: Self.pauseNanoseconds)
        }
    }

    fileprivate func takePass() -> Bool {
        isPassTaken.withLock { isTaken in
            defer { isTaken = true }
            return !isTaken
        }
    }

    fileprivate func returnPass() { isPassTaken.withLock { $0 = false } }
}

/// One slice's memory, given back when it goes away.
final class SliceHold: Sendable {
    private enum State {
        case reserved(MemoryReservation)
        case passed
        case released
    }
    private let state: Mutex<State>
    private let memory: SliceMemory

    fileprivate init(_ reservation: MemoryReservation?, _ memory: SliceMemory) {
        state = Mutex(reservation.map { .reserved($0) } ?? .passed)
        self.memory = memory
    }

    /// The slice turned out to be of this size. False when there is no memory for it now.
    func resize(to bytes: Int, mayPass: Bool) throws(SchedulingError) -> Bool {
        let old = state.withLock { $0 }
        guard case .reserved(let reservation) = old else { return true }
        if try reservation.resizeIfFree(to: bytes) { return true }
        guard mayPass, memory.takePass() else { return false }
        state.withLock { $0 = .passed }
        return true
    }

    /// Goes on without memory of its own, which others can have then. False where it does already, or the pass is taken.
    func pass() -> Bool {
        guard case .reserved = state.withLock({ $0 }), memory.takePass() else { return false }
        state.withLock { $0 = .passed }
        return true
    }

    func release() {
        let old = state.withLock { state in
            defer { state = .released }
            return state
        }
        if case .passed = old { memory.returnPass() }
    }

    deinit { release() }
}
