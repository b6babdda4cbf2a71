/// Decides when a pipeline commits what it has written. Times are monotonic nanoseconds.
struct CommitTiming: Sendable, Equatable {
    let policy: RollingPolicy
    /// When the first event of the commit was written; nil while there is none.
    private(set) var openedAt: Int64?
    private var lastEventAt: Int64 = 0
    private var logBytes = 0

    init(policy: RollingPolicy) { self.policy = policy }

    mutating func noteEvents(logBytes added: Int, at now: Int64) {
        if openedAt == nil { openedAt = now }
        lastEventAt = now
        logBytes += added
    }

    mutating func reset() { self = CommitTiming(policy: policy) }

    /// True when what is written should be committed now. `landingBytes` is how much of the log may wait for it.
    func isDue(writtenBytes: Int, writtenRows: Int64, landingBytes: Int, at now: Int64) -> Bool {
        guard let deadline else { return false }
        return now >= deadline || logBytes >= min(RollingPolicy.maximumBytes, landingBytes)
            || writtenBytes >= policy.fileSizeBytes ?? RollingPolicy.maximumBytes
            || writtenRows >= policy.fileRows.map { Int64($0) } ?? .max
    }

    /// When the policy's times ask for a commit, if no more events come.
    var deadline: Int64? {
        guard let openedAt else { return nil }
        let interval = openedAt + Int64(policy.intervalSeconds) * 1_000_000_000
        guard let inactivity = policy.inactivitySeconds else { return interval }
        return min(interval, lastEventAt + Int64(inactivity) * 1_000_000_000)
    }
}
