import Synchronization

/// How long to wait before a request is tried again.
///
/// - Source: "Exponential Backoff and Jitter", AWS Architecture Blog: full jitter spreads those that failed together.
struct RetryPolicy: Sendable {
    let limits: S3Limits

    /// Seconds before attempt `attempt + 1`; nil to give up. `draw` lies in 0..<1, `asked` is the store's Retry-After.
    func pause(afterAttempt attempt: Int, elapsedSeconds: Double, asked: Double?, draw: Double) -> Double? {
        guard attempt < limits.attempts else { return nil }
        let longest = min(
            limits.longestPauseSeconds, limits.firstPauseSeconds * Double(1 << min(attempt - 1, 20)))
        let pause = max(longest * draw, min(asked ?? 0, limits.longestPauseSeconds))
        return elapsedSeconds + pause <= limits.callSeconds ? pause : nil
    }
}

/// What all calls of one store may spend on trying again, so that a store in trouble is not asked many times as much.
///
/// A retry costs 5 of at most 500; a request that succeeds at once gives 1 back: when more than a sixth of the requests
/// fail for long, the calls fail too.
final class RetryBudget: Sendable {
    static let capacity = 500
    static let cost = 5

    private let left = Mutex(RetryBudget.capacity)

    /// False when there is nothing left to spend.
    func take() -> Bool {
        left.withLock { left in
            guard left >= Self.cost else { return false }
            left -= Self.cost
            return true
        }
    }

    func succeeded() { left.withLock { $0 = min(Self.capacity, $0 + 1) } }
}
