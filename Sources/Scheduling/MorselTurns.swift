import Effects
import Foundation
import Synchronization
import Telemetry

/// Who computes: as many morsels at a time as there are cores, the others wait or have paused.
///
///     waiting   | q2: start, start | q3: start |       by share, see `MorselQueue`
///     computing | q1 on thread 0 | q2 on thread 1 |    at most `threadCount`
///     paused    | q1 on thread 2 |                     waits in its share's line, before those that did not begin
///
/// A paused morsel keeps its thread, so another thread computes in its place: there are as many more as were ever paused at
/// once. Apart from the pool: the threads hold this, and so do not keep the pool.
final class MorselTurns: Sendable {
    private enum Job {
        case start(@Sendable () -> Void)
        case resume(RunningMorsel)
    }
    private struct State {
        var queue = MorselQueue<Job>()
        var isStopped = false
        var computing = 0
        var paused = 0
        var threads = 0
        /// Threads that wait for work, less those that were called.
        var idle = 0
        /// Threads that were called and have not come yet.
        var calls = 0
    }

    // SAFETY: NSCondition is a lock with a condition; `state` is read and written only between lock and unlock.
    private let condition = NSCondition()
    private nonisolated(unsafe) var state = State()
    private let threadCount: Int
    private let queueLimit: Int
    private let clock: any Clock
    private let queued: [Gauge]
    private let finished: [Counter]
    private let pauses: Counter

    init(threads: Int, queueLimit: Int, clock: any Clock, metrics: MetricsRegistry) {
        threadCount = threads
        self.queueLimit = queueLimit
        self.clock = clock
        queued = WorkPriority.allCases.map {
            metrics.gauge(
                "firn_morsels_queued", ["priority": "\($0)"], help: "Morsels that wait for a thread")
        }
        finished = WorkPriority.allCases.map {
            metrics.counter("firn_morsels_total", ["priority": "\($0)"], help: "Morsels computed")
        }
        pauses = metrics.counter(
            "firn_morsel_pauses_total", help: "Times that a morsel let others compute before it went on")
    }

    /// Starts the threads.
    func start() {
        condition.lock()
        for _ in 0..<threadCount { addThread() }
        condition.unlock()
    }

    /// Called under the lock.
    private func addThread() {
        let thread = Thread { [self] in
            while runNext() {}
        }
        unsafe thread.name = "morsel-\(state.threads)"
        // Planning descends as deep as a query is nested.
        thread.stackSize = 8 << 20
        unsafe state.threads += 1
        thread.start()
    }

    /// Wakes a thread that waits for work, where it may compute. Called under the lock.
    private func call() {
        guard unsafe state.idle > 0, unsafe state.computing < threadCount else { return }
        unsafe state.idle -= 1
        unsafe state.calls += 1
        condition.signal()
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
        unsafe state.queue.add(.start(job), share)
        call()
        condition.unlock()
        queued[priority.rawValue].add(1)
    }

    /// Waits for a job and computes it; false when there will be none.
    private func runNext() -> Bool {
        guard let (job, running) = next() else { return false }
        let priority = running.share.priority.rawValue
        queued[priority].add(-1)
        finished[priority].add(1)
        RunningMorsel.$current.withValue(running) { job() }
        let now = clock.monotonicNanoseconds
        condition.lock()
        running.endSlice(at: now)
        unsafe state.computing -= 1
        condition.unlock()
        return true
    }

    /// A job for this thread; on the way, paused morsels whose turn it is go on on theirs.
    private func next() -> (job: @Sendable () -> Void, RunningMorsel)? {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if unsafe state.computing < threadCount, let taken = unsafe state.queue.take() {
                unsafe state.computing += 1
                let now = clock.monotonicNanoseconds
                switch taken.job {
                case .start(let job):
                    return (job, RunningMorsel(self, taken.share, expected: taken.expected, at: now))
                case .resume(let running):
                    unsafe state.paused -= 1
                    running.beginSlice(expected: taken.expected, at: now)
                    running.turn.signal()
                    continue
                }
            }
            // Nothing comes any more, and what waits is taken by those that compute when they are done.
            if unsafe state.isStopped { return nil }
            unsafe state.idle += 1
            while unsafe state.calls == 0, unsafe !state.isStopped { condition.wait() }
            if unsafe state.calls > 0 { unsafe state.calls -= 1 }
        }
    }

    /// Pauses the morsel on this thread when its slice is over and the next turn is another's.
    func giveWay(_ running: RunningMorsel) {
        let now = clock.monotonicNanoseconds
        guard running.elapsed(at: now) >= MorselPool.sliceNanoseconds else { return }
        condition.lock()
        running.endSlice(at: now)
        guard unsafe state.paused < MorselPool.pausedLimit, unsafe !state.isStopped,
            unsafe state.queue.isNextAnother(than: running.share)
        else { return condition.unlock() }
        unsafe state.queue.addFirst(.resume(running), running.share)
        unsafe state.paused += 1
        unsafe state.computing -= 1
        if unsafe state.idle > 0 {
            call()
        } else if unsafe state.threads < threadCount + MorselPool.pausedLimit {
            // At the bound one of the threads that were called has not come yet.
            addThread()
        }
        condition.unlock()
        pauses.add(1)
        running.turn.wait()
        running.pausedNanoseconds.add(clock.monotonicNanoseconds - now, ordering: .relaxed)
    }

    func stop() {
        condition.lock()
        unsafe state.isStopped = true
        condition.broadcast()
        condition.unlock()
    }
}
