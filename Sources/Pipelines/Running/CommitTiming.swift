/// Decides when a pipeline commits what it has written. Times are monotonic nanoseconds.
struct CommitTiming: Sendable, Equatable {
    let policy: RollingPolicy
    /// What the stream's log holds of events that have not landed, at most: full, it takes nothing before a commit.
    let backlogBytes: Int
    /// When the first event of the commit was written; nil while there is none.
    private(set) var openedAt: Int64?
    private var lastEventAt: Int64 = 0
    private var logBytes = 0

    init(policy: RollingPolicy, backlogBytes: Int) {
        self.policy = policy
        self.backlogBytes = backlogBytes
    }

    mutating func noteEvents(logBytes added: Int, at now: Int64) {
        if openedAt == nil { openedAt = now }
        lastEventAt = now
        logBytes += added
    }

    mutating func reset() { self = CommitTiming(policy: policy, backlogBytes: backlogBytes) }

    /// True when what is written should be committed now.
    func isDue(writtenBytes: Int, writtenRows: Int64, at now: Int64) -> Bool {
        guard let deadline else { return false }
        return now >= deadline || logBytes >= min(RollingPolicy.maximumBytes, backlogBytes / 2)
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
