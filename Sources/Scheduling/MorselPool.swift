package import Effects
import Foundation
package import Telemetry

/// Whose work goes first on the morsel pool.
package enum WorkPriority: Int, Sendable, CaseIterable {
    /// Somebody waits for an answer.
    case query
    /// Events wait to land.
    case pipeline
    /// Nobody waits.
    case maintenance
}

/// The threads, one a core, on which every query, pipeline and maintenance computes.
///
/// A job is a morsel: milliseconds of pure computation that never blocks and never waits for another morsel. Whose turn is
/// next is the `MorselQueue`'s to say: by priority, then by share.
///
/// - Order: first in, first out within a share.
/// - Errors: `SCH-201` when a priority's queue is at its bound, `SCH-301` after `stop`, and what the body throws.
package final class MorselPool: Sendable {
    private let waiting: WaitingMorsels
    /// For work that has no share of its own.
    private let common = WorkPriority.allCases.map { WorkShare($0) }
    /// How many morsels can run at the same time.
    package let threadCount: Int

    package init(
        threads: Int = ProcessInfo.processInfo.activeProcessorCount, queueLimit: Int = 65_536,
        clock: any Clock = LiveClock(), metrics: MetricsRegistry = MetricsRegistry()
    ) {
        precondition(threads > 0)
        threadCount = threads
        waiting = WaitingMorsels(queueLimit: queueLimit, clock: clock, metrics: metrics)
        for index in 0..<threads {
            let thread = Thread { [waiting] in
                while waiting.runNext() {}
            }
            thread.name = "morsel-\(index)"
            // Planning descends as deep as a query is nested.
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    deinit { waiting.stop() }

    /// Computes `body` on one of the threads; the caller's cooperative thread is free meanwhile.
    package func run<Result: Sendable>(
        share: WorkShare, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            waiting.submit(
                share: share, { continuation.resume(with: Swift.Result { try body() }) },
                refused: { continuation.resume(throwing: $0) })
        }
    }

    /// As `run(share:)`, in the share that all such work of a priority has together.
    package func run<Result: Sendable>(
        priority: WorkPriority, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await run(share: common[priority.rawValue], body)
    }

    /// Queues `job`; calls `refused` instead when it cannot.
    package func submit(
        priority: WorkPriority, _ job: @escaping @Sendable () -> Void, refused: (SchedulingError) -> Void
    ) {
        waiting.submit(share: common[priority.rawValue], job, refused: refused)
    }

    /// Lets queued jobs finish, then ends the threads. A pool that nobody has any more does the same.
    package func stop() { waiting.stop() }
}

/// The jobs that wait. Apart from the pool: its threads hold this, and so do not keep the pool.
private final class WaitingMorsels: Sendable {
    private struct State {
        var queue = MorselQueue<@Sendable () -> Void>()
        var isStopped = false
    }

    // SAFETY: NSCondition is a lock with a condition; `state` is read and written only between lock and unlock.
    private let condition = NSCondition()
    private nonisolated(unsafe) var state = State()
    private let queueLimit: Int
    private let clock: any Clock
    private let queued: [Gauge]
    private let finished: [Counter]

    init(queueLimit: Int, clock: any Clock, metrics: MetricsRegistry) {
        self.queueLimit = queueLimit
        self.clock = clock
        queued = WorkPriority.allCases.map {
            metrics.gauge(
                "firn_morsels_queued", ["priority": "\($0)"], help: "Morsels that wait for a thread")
        }
        finished = WorkPriority.allCases.map {
            metrics.counter("firn_morsels_total", ["priority": "\($0)"], help: "Morsels computed")
        }
    }

    func submit(
        share: WorkShare, _ job: @escaping @Sendable () -> Void, refused: (SchedulingError) -> Void
    ) {
        let priority = share.priority
        condition.lock()
        if unsafe state.isStopped {
            condition.unlock()
            return refused(SchedulingError(.stopped, "the pool no longer takes work"))
        }
        if unsafe state.queue.waiting(priority) >= queueLimit {
            condition.unlock()
            return refused(
                SchedulingError(
                    .queueFull, "too many morsels wait", ["limit": queueLimit, "priority": "\(priority)"]))
        }
        unsafe state.queue.add(job, share)
        condition.signal()
        condition.unlock()
        queued[priority.rawValue].add(1)
    }

    /// Waits for a job and computes it; false when there will be none.
    func runNext() -> Bool {
        guard let taken = next() else { return false }
        let priority = taken.share.priority.rawValue
        queued[priority].add(-1)
        finished[priority].add(1)
        let start = clock.monotonicNanoseconds
        taken.job()
        let nanoseconds = clock.monotonicNanoseconds - start
        condition.lock()
        MorselQueue.finished(taken, nanoseconds: nanoseconds)
        condition.unlock()
        return true
    }

    private func next() -> MorselQueue<@Sendable () -> Void>.Taken? {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let taken = unsafe state.queue.take() { return taken }
            if unsafe state.isStopped { return nil }
            condition.wait()
        }
    }

    func stop() {
        condition.lock()
        unsafe state.isStopped = true
        condition.broadcast()
        condition.unlock()
    }
}
