import Synchronization
package import Telemetry

/// Counts every large buffer of the process before it is made, so that the sum stays under one limit.
///
/// Nothing is allocated here: a reservation is a promise to use no more. Work that is refused spills, waits
/// (`reserveWaiting`) or fails. A query asks its `MemoryBudget`, which asks the ledger.
///
/// - Units: bytes.
/// - Order: waiting reservations are served first come, first served; a large one is not overtaken by small ones.
/// - Errors: `SCH-202` when refused.
package final class MemoryLedger: Sendable {
    private struct Waiter {
        var number: Int
        var bytes: Int
        var continuation: CheckedContinuation<Void, any Error>
    }
    private struct State {
        var reserved = 0
        var waiters: [Waiter] = []
        /// Cancelled before the wait began.
        var cancelled: Set<Int> = []
        var nextWaiter = 0
    }
    private let state = Mutex(State())
    package let limit: Int
    private let gauge: Gauge
    private let refusals: Counter

    package init(limit: Int, metrics: MetricsRegistry = MetricsRegistry()) {
        precondition(limit > 0)
        self.limit = limit
        gauge = metrics.gauge("firn_memory_reserved_bytes", help: "Bytes reserved in the memory ledger")
        refusals = metrics.counter(
            "firn_memory_refusals_total", help: "Reservations the memory ledger refused")
    }

    package var reserved: Int { state.withLock { $0.reserved } }

    package func reserve(_ bytes: Int, for purpose: StaticString) throws(SchedulingError) -> MemoryReservation
    {
        try take(bytes, for: purpose)
        return MemoryReservation(bytes, purpose, ledger: self, budget: nil)
    }

    /// Waits until the bytes are free, unless they exceed the whole limit or the token is cancelled.
    package func reserveWaiting(
        _ bytes: Int, for purpose: StaticString, token: CancellationToken
    ) async throws -> MemoryReservation {
        guard bytes <= limit else { throw refusal(bytes, purpose, available: limit) }
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let handler = token.onCancel { [self] in cancelWaiter(number) }
        defer {
            token.removeHandler(handler)
            state.withLock { _ = $0.cancelled.remove(number) }
        }
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let outcome = state.withLock { state -> Result<Void, any Error>? in
                if state.cancelled.contains(number) {
                    return .failure(SchedulingError(.cancelled, "the wait for memory was cancelled"))
                }
                if state.waiters.isEmpty, state.reserved + bytes <= limit {
                    state.reserved += bytes
                    return .success(())
                }
                state.waiters.append(Waiter(number: number, bytes: bytes, continuation: continuation))
                return nil
            }
            if let outcome { continuation.resume(with: outcome) }
        }
        gauge.set(Int64(reserved))
        return MemoryReservation(bytes, purpose, ledger: self, budget: nil)
    }

    private func cancelWaiter(_ number: Int) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiters.firstIndex(where: { $0.number == number }) else {
                state.cancelled.insert(number)
                return nil
            }
            return state.waiters.remove(at: index)
        }
        waiter?.continuation.resume(
            throwing: SchedulingError(.cancelled, "the wait for memory was cancelled"))
        release(0)
    }

    func take(_ bytes: Int, for purpose: StaticString) throws(SchedulingError) {
        precondition(bytes >= 0)
        let available = state.withLock { state -> Int? in
            guard bytes <= limit - state.reserved else { return limit - state.reserved }
            state.reserved += bytes
            return nil
        }
        if let available {
            refusals.add()
            throw refusal(bytes, purpose, available: available)
        }
        gauge.add(Int64(bytes))
    }

    func release(_ bytes: Int) {
        let served = state.withLock { state -> [Waiter] in
            state.reserved -= bytes
            assert(state.reserved >= 0)
            var served: [Waiter] = []
            while let first = state.waiters.first, state.reserved + first.bytes <= limit {
                state.reserved += first.bytes
                served.append(state.waiters.removeFirst())
            }
            gauge.set(Int64(state.reserved))
            return served
        }
        for waiter in served { waiter.continuation.resume() }
    }

    private func refusal(_ bytes: Int, _ purpose: StaticString, available: Int) -> SchedulingError {
        SchedulingError(
            .memoryExhausted, "not enough memory is free for this work",
            [
                "purpose": "\(purpose)", "wanted-bytes": bytes, "free-bytes": max(0, available),
                "limit-bytes": limit,
            ])
    }
}

/// One query's share of the ledger, or what one operator of it takes of that share.
package final class MemoryBudget: Sendable {
    private let ledger: MemoryLedger
    package let limit: Int
    /// The query's, of which this is a part.
    private let whole: MemoryBudget?
    private let used = Atomic<Int>(0)
    private let peak = Atomic<Int>(0)

    package init(ledger: MemoryLedger, limit: Int) {
        self.ledger = ledger
        self.limit = min(limit, ledger.limit)
        whole = nil
    }

    /// A part without a limit of its own: it counts what is taken through it.
    package init(partOf whole: MemoryBudget) {
        ledger = whole.ledger
        limit = whole.limit
        self.whole = whole
    }

    /// Of the whole query.
    package var reserved: Int { whole?.reserved ?? used.load(ordering: .relaxed) }
    /// The most that was ever reserved at once.
    package var peakReserved: Int { peak.load(ordering: .relaxed) }

    package func reserve(_ bytes: Int, for purpose: StaticString) throws(SchedulingError) -> MemoryReservation
    {
        try take(bytes, for: purpose)
        return MemoryReservation(bytes, purpose, ledger: ledger, budget: self)
    }

    func take(_ bytes: Int, for purpose: StaticString) throws(SchedulingError) {
        if let whole {
            try whole.take(bytes, for: purpose)
            peak.max(used.add(bytes, ordering: .relaxed).newValue, ordering: .relaxed)
            return
        }
        let now = used.add(bytes, ordering: .relaxed).newValue
        guard now <= limit else {
            used.subtract(bytes, ordering: .relaxed)
            throw SchedulingError(
                .memoryExhausted, "the query needs more memory than it may use",
                ["purpose": "\(purpose)", "wanted-bytes": now, "limit-bytes": limit],
                hint: "give the query more memory with --query-memory or SET query_memory_bytes")
        }
        do {
            try ledger.take(bytes, for: purpose)
        } catch {
            used.subtract(bytes, ordering: .relaxed)
            throw error
        }
        peak.max(now, ordering: .relaxed)
    }

    func release(_ bytes: Int) {
        used.subtract(bytes, ordering: .relaxed)
        whole?.release(bytes)
    }
}

/// Bytes promised to one piece of work; given back when it goes away.
///
/// - Threads: one at a time.
package final class MemoryReservation: Sendable {
    private let purpose: StaticString
    private let ledger: MemoryLedger
    private let budget: MemoryBudget?
    private let size: Atomic<Int>

    init(_ bytes: Int, _ purpose: StaticString, ledger: MemoryLedger, budget: MemoryBudget?) {
        size = Atomic(bytes)
        self.purpose = purpose
        self.ledger = ledger
        self.budget = budget
    }

    package var bytes: Int { size.load(ordering: .relaxed) }

    /// Grows or shrinks to `bytes`; when refused, stays as it was.
    package func resize(to bytes: Int) throws(SchedulingError) {
        let old = self.bytes
        if bytes > old {
            if let budget {
                try budget.take(bytes - old, for: purpose)
            } else {
                try ledger.take(bytes - old, for: purpose)
            }
        } else if bytes < old {
            ledger.release(old - bytes)
            budget?.release(old - bytes)
        }
        size.store(bytes, ordering: .relaxed)
    }

    /// As `resize`; false, and nothing changes, when the memory is not free.
    package func resizeIfFree(to bytes: Int) throws(SchedulingError) -> Bool {
        do throws(SchedulingError) {
            try resize(to: bytes)
            return true
        } catch {
            guard error.code == .memoryExhausted else { throw error }
            return false
        }
    }

    deinit {
        ledger.release(bytes)
        budget?.release(bytes)
    }
}
