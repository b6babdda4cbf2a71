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
/// A job is a morsel: milliseconds of pure computation that never blocks and never waits for another morsel. Of each
/// sixteen jobs taken, eleven prefer queries, four pipelines, one maintenance; a turn whose class has nothing to do
/// goes to the highest class that has, so nothing idles and nothing starves.
///
/// - Order: first in, first out within a priority.
/// - Errors: `SCH-201` when a priority's queue is at its bound, `SCH-301` after `stop`, and what the body throws.
package final class MorselPool: Sendable {
    private let lines: Lines
    /// How many morsels can run at the same time.
    package let threadCount: Int

    package init(
        threads: Int = ProcessInfo.processInfo.activeProcessorCount, queueLimit: Int = 65_536,
        metrics: MetricsRegistry = MetricsRegistry()
    ) {
        precondition(threads > 0)
        threadCount = threads
        lines = Lines(queueLimit: queueLimit, metrics: metrics)
        for index in 0..<threads {
            let thread = Thread { [lines] in
                while let job = lines.nextJob() { job() }
            }
            thread.name = "morsel-\(index)"
            // Planning descends as deep as a query is nested.
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    deinit { lines.stop() }

    /// Computes `body` on one of the threads; the caller's cooperative thread is free meanwhile.
    package func run<Result: Sendable>(
        priority: WorkPriority, _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            submit(
                priority: priority, { continuation.resume(with: Swift.Result { try body() }) },
                refused: { continuation.resume(throwing: $0) })
        }
    }

    /// Queues `job`; calls `refused` instead when it cannot.
    package func submit(
        priority: WorkPriority, _ job: @escaping @Sendable () -> Void, refused: (SchedulingError) -> Void
    ) {
        lines.submit(priority: priority, job, refused: refused)
    }

    /// Lets queued jobs finish, then ends the threads. A pool that nobody has any more does the same.
    package func stop() { lines.stop() }
}

/// The jobs that wait. Apart from the pool: its threads hold this, and so do not keep the pool.
private final class Lines: Sendable {
    private struct Line {
        var jobs: [@Sendable () -> Void] = []
        var head = 0
        var waiting: Int { jobs.count - head }

        mutating func take() -> @Sendable () -> Void {
            let job = jobs[head]
            // A taken job must not live on in the queue: it holds the batches it worked on.
            jobs[head] = {}
            head += 1
            if head > 1024, head * 2 > jobs.count {
                jobs.removeFirst(head)
                head = 0
            }
            return job
        }
    }
    private struct State {
        var lines = [Line](repeating: Line(), count: WorkPriority.allCases.count)
        var turn = 0
        var isStopped = false
    }
    private static let turns: [WorkPriority] = [
        .query, .query, .query, .pipeline, .query, .query, .query, .pipeline,
        .query, .query, .query, .pipeline, .query, .query, .pipeline, .maintenance,
    ]

    // SAFETY: NSCondition is a lock with a condition; `state` is read and written only between lock and unlock.
    private let condition = NSCondition()
    private nonisolated(unsafe) var state = State()
    private let queueLimit: Int
    private let queued: [Gauge]
    private let finished: [Counter]

    init(queueLimit: Int, metrics: MetricsRegistry) {
        self.queueLimit = queueLimit
        queued = WorkPriority.allCases.map {
            metrics.gauge(
                "firn_morsels_queued", ["priority": "\($0)"], help: "Morsels that wait for a thread")
        }
        finished = WorkPriority.allCases.map {
            metrics.counter("firn_morsels_total", ["priority": "\($0)"], help: "Morsels computed")
        }
    }

    func submit(
        priority: WorkPriority, _ job: @escaping @Sendable () -> Void, refused: (SchedulingError) -> Void
    ) {
        condition.lock()
        if unsafe state.isStopped {
            condition.unlock()
            return refused(SchedulingError(.stopped, "the pool no longer takes work"))
        }
        if unsafe state.lines[priority.rawValue].waiting >= queueLimit {
            condition.unlock()
            return refused(
                SchedulingError(
                    .queueFull, "too many morsels wait", ["limit": queueLimit, "priority": "\(priority)"]))
        }
        unsafe state.lines[priority.rawValue].jobs.append(job)
        condition.signal()
        condition.unlock()
        queued[priority.rawValue].add(1)
    }

    func nextJob() -> (@Sendable () -> Void)? {
        condition.lock()
        defer { condition.unlock() }
        while true {
            let preferred = unsafe Self.turns[state.turn & 15]
            for priority in [preferred] + WorkPriority.allCases {
                guard unsafe state.lines[priority.rawValue].waiting > 0 else { continue }
                unsafe state.turn &+= 1
                queued[priority.rawValue].add(-1)
                finished[priority.rawValue].add(1)
                return unsafe state.lines[priority.rawValue].take()
            }
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
