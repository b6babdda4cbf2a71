import Effects
import Foundation
import Synchronization

/// Decides whether a transaction that did not happen is tried again, and waits before it is.
///
/// After a conflict with another transaction: soon, a bounded number of times. While the database cannot be reached:
/// until it has been away for `outageSeconds`; from then on callers are told at once, until it is back.
///
/// - Threads: any; waiting blocks, so only the Metastore's own threads come here.
final class Retry: Sendable {
    private let limits: Metastore.Limits
    private let randomness: any Randomness
    // Waiting is real also where a test holds the clock.
    private let clock = LiveClock()
    private let outageStart = Mutex<Int64?>(nil)
    private let pause = Pause()

    init(limits: Metastore.Limits, randomness: any Randomness = LiveRandomness()) {
        self.limits = limits
        self.randomness = randomness
    }

    func outageBegan() {
        let now = clock.monotonicNanoseconds
        outageStart.withLock { $0 = $0 ?? now }
    }

    func outageEnded() { outageStart.withLock { $0 = nil } }

    /// Waits; false, without waiting, when it is time to give up. `attempt` counts from one.
    func pauses(after error: MetastoreError, attempt: Int) -> Bool {
        guard error.mayRetry, let most = longestPause(after: error, attempt: attempt) else { return false }
        // Full jitter: those that met once do not meet again.
        let share = Double(randomness.next() >> 11) / Double(1 << 53)
        return pause.wait(seconds: most * (0.1 + 0.9 * share))
    }

    /// Seconds; nil to give up.
    func longestPause(after error: MetastoreError, attempt: Int) -> Double? {
        let doubled = Double(1 << min(attempt, 16))
        if error.code == .contended {
            return attempt <= limits.contentionRetries ? min(0.001 * doubled, 0.25) : nil
        }
        let away = outageStart.withLock { $0.map { clock.monotonicNanoseconds - $0 } } ?? 0
        // The count is for a connection that is made each time and breaks each time.
        guard away < limits.outageSeconds * 1_000_000_000, attempt <= 64 else { return nil }
        return min(0.025 * doubled, 0.5)
    }

    /// Nobody waits any more.
    func stop() { pause.stop() }
}

/// A wait that can be ended from outside.
private final class Pause: Sendable {
    // SAFETY: NSCondition is a lock with a condition; `isStopped` is read and written only between lock and unlock.
    private let condition = NSCondition()
    private nonisolated(unsafe) var isStopped = false

    /// False when it was ended.
    func wait(seconds: Double) -> Bool {
        let end = Date(timeIntervalSinceNow: seconds)
        condition.lock()
        defer { condition.unlock() }
        while unsafe !isStopped {
            if !condition.wait(until: end) { return true }
        }
        return false
    }

    func stop() {
        condition.lock()
        unsafe isStopped = true
        condition.broadcast()
        condition.unlock()
    }
}
