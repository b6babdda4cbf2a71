import Foundation
import Synchronization

/// Threads for calls that block: files, fsync, databases. Swift's cooperative pool never does.
///
/// - Order: first in, first out over all threads.
/// - Errors: `SCH-201` when the queue is at its bound, `SCH-301` after `stop`, and what the body throws.
package final class IOPool: Sendable {
    /// Runs a job, once, some time later.
    package typealias Hand = @Sendable (@escaping @Sendable () -> Void) -> Void

    private enum Workers {
        case threads(Line)
        case hand(Hand)
    }
    private let workers: Workers

    package init(name: String, threads: Int, queueLimit: Int = 4096) {
        precondition(threads > 0)
        let line = Line(queueLimit: queueLimit)
        workers = .threads(line)
        for index in 0..<threads {
            let thread = Thread {
                while let job = line.nextJob() { job() }
            }
            thread.name = "\(name)-\(index)"
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    /// Without threads of its own: whoever simulates a process decides when, and in which order, jobs run.
    package init(handing hand: @escaping Hand) { workers = .hand(hand) }

    deinit { stop() }

    /// Runs `body` on one of the threads and waits for it without blocking a cooperative thread.
    package func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result
    {
        try await withCheckedThrowingContinuation { continuation in
            submit(
                { continuation.resume(with: Swift.Result { try body() }) },
                refused: { continuation.resume(throwing: $0) })
        }
    }

    /// Queues `job`; calls `refused` instead when it cannot.
    package func submit(_ job: @escaping @Sendable () -> Void, refused: (SchedulingError) -> Void) {
        switch workers {
        case .threads(let line): line.submit(job, refused: refused)
        case .hand(let hand): hand(job)
        }
    }

    /// Lets queued jobs finish, then ends the threads. A pool that nobody has any more does the same.
    package func stop() { if case .threads(let line) = workers { line.stop() } }
}

/// The jobs that wait. Apart from the pool: its threads hold this, and so do not keep the pool.
private final class Line: Sendable {
    private struct State {
        var queue: [@Sendable () -> Void] = []
        var head = 0
        var isStopped = false
        var waiting: Int { queue.count - head }
    }
    // SAFETY: NSCondition is a lock with a condition; `state` is read and written only between lock and unlock.
    private let condition = NSCondition()
    private nonisolated(unsafe) var state = State()
    private let queueLimit: Int

    init(queueLimit: Int) { self.queueLimit = queueLimit }

    func submit(_ job: @escaping @Sendable () -> Void, refused: (SchedulingError) -> Void) {
        condition.lock()
        if unsafe state.isStopped {
            condition.unlock()
            return refused(SchedulingError(.stopped, "the pool no longer takes work"))
        }
        if unsafe state.waiting >= queueLimit {
            condition.unlock()
            return refused(SchedulingError(.queueFull, "too many blocking calls wait", ["limit": queueLimit]))
        }
        unsafe state.queue.append(job)
        condition.signal()
        condition.unlock()
    }

    func nextJob() -> (@Sendable () -> Void)? {
        condition.lock()
        defer { condition.unlock() }
        while unsafe state.waiting == 0 {
            if unsafe state.isStopped { return nil }
            condition.wait()
        }
        let job = unsafe state.queue[state.head]
        // A taken job must not live on in the queue: it holds the buffers it worked on.
        unsafe state.queue[state.head] = {}
        unsafe state.head += 1
        if unsafe state.head > 1024, unsafe state.head * 2 > state.queue.count {
            unsafe state.queue.removeFirst(state.head)
            unsafe state.head = 0
        }
        return job
    }

    func stop() {
        condition.lock()
        unsafe state.isStopped = true
        condition.broadcast()
        condition.unlock()
    }
}
