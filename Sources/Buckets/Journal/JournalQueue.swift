/// What waits for the journal's thread.
struct JournalQueue {
    /// Somebody waits for each of these.
    var changes: [Journal.Job] = []
    /// Of a compaction, which waits for one batch at a time: they go along with the changes.
    var moves: [Journal.Job] = []
    var isClosed = false
    var wantsRotation = false

    /// There is nothing to do.
    var isEmpty: Bool { changes.isEmpty && moves.isEmpty && !wantsRotation }

    /// What one write and one sync make durable: changes first, and moves in the room that limits leave them. At least one
    /// of each, so that a compaction ends also beside changes that never do.
    mutating func takeGroup(_ limits: StoreLimits) -> [Journal.Job] {
        let group = Self.take(&changes, count: limits.groupRecords, bytes: limits.groupBytes)
        let room = group.isEmpty ? limits.movedBytesAlone : limits.movedBytes
        return group + Self.take(&moves, count: limits.groupRecords, bytes: room)
    }

    private static func take(
        _ jobs: inout [Journal.Job], count limit: Int, bytes room: Int
    ) -> [Journal.Job] {
        var count = 0
        var bytes = 0
        while count < limit, bytes < room, count < jobs.count {
            bytes += jobs[count].bytes
            count += 1
        }
        defer { jobs.removeFirst(count) }
        return Array(jobs[..<count])
    }
}
