import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Named places where a test can stop the process, as a power cut would.
///
/// `FIRN_FAULT=log.segment.partial:3` kills the process with SIGKILL at the third time it passes that point. A point
/// that is not armed costs one load of a flag. Every point is listed in `FaultPoint`.
package enum FaultPoints {
    private struct Plan {
        var point: FaultPoint
        var remaining: Int
    }

    private static let isArmed = Atomic<Bool>(false)
    private static let plan = Mutex<Plan?>(nil)

    /// Reads `NAME:COUNT`; the count is one when absent. Returns false when the name is unknown.
    package static func arm(_ text: String) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard let name = parts.first, let point = FaultPoint(rawValue: String(name)) else { return false }
        let count = parts.count == 2 ? Int(parts[1]) : 1
        guard let count, count > 0 else { return false }
        plan.withLock { $0 = Plan(point: point, remaining: count) }
        isArmed.store(true, ordering: .releasing)
        return true
    }

    /// Stops the process if this point is the armed one and its count has come.
    @inline(__always)
    package static func pass(_ point: FaultPoint) {
        if isArmed.load(ordering: .relaxed) { passArmed(point) }
    }

    /// True when the process is to die at `point`: work that is one step otherwise is then done in two.
    package static func isAimed(at point: FaultPoint) -> Bool {
        isArmed.load(ordering: .relaxed) && plan.withLock { $0?.point == point }
    }

    private static func passArmed(_ point: FaultPoint) {
        let isDue = plan.withLock { plan in
            guard plan?.point == point else { return false }
            plan?.remaining -= 1
            return plan?.remaining == 0
        }
        if isDue {
            kill(getpid(), SIGKILL)
            // The signal is on its way; nothing after this point may happen.
            while true { pause() }
        }
    }
}

/// The places a kill test can aim at. The name says module, thing, moment.
package enum FaultPoint: String, Sendable, CaseIterable {
    /// Half of a group of records is in the segment file.
    case logGroupPartial = "log.group.partial"
    /// A group is written, its fdatasync has not begun.
    case logGroupWritten = "log.group.written"
    /// A group is durable, nobody has been told.
    case logGroupDurable = "log.group.durable"
    /// A new segment file exists, its directory entry may not be durable.
    case logSegmentCreated = "log.segment.created"
    /// A checkpoint of the log's index of requests is durable, the one before is still there.
    case logMarksWritten = "log.marks.written"
    /// Records are read, parsed and put through the SQL; nothing of them is written.
    case recordsPrepared = "pipeline.records.prepared"
    /// The data files of a sink's commit are stored, the commit has not begun.
    case sinkFilesWritten = "sink.files.written"
    /// A file of a sink is sealed, others of the commit may not be.
    case sinkFileSealed = "sink.file.sealed"
    /// Progress has moved and promises files that nobody sees yet.
    case sinkFilesPromised = "sink.files.promised"
    /// A promised file is seen, the promise still stands.
    case sinkFileShown = "sink.file.shown"
    /// Manifests and metadata are stored, the pointer has not moved.
    case commitMetadataWritten = "commit.metadata.written"
    /// The pointer and the progress have moved, the sink does not know yet.
    case commitPointerMoved = "commit.pointer.moved"
    /// A change that writes no files, such as a rename, is in its transaction, which is not committed.
    case catalogChangeMade = "catalog.change.made"
    /// Such a change is durable, nobody has been told.
    case catalogChangeDurable = "catalog.change.durable"
    /// Manifests of expired snapshots are gone, their lists and what is on record of them are not.
    case expiryPartial = "expiry.partial"
    /// A table that is to be purged is gone, its files are not.
    case purgeRecorded = "purge.recorded"
    /// Some of a purged table's files are gone.
    case purgePartial = "purge.partial"
    /// Progress is known, the log is about to be trimmed.
    case logTrimBefore = "log.trim.before"
    /// One of the segments to be trimmed is gone.
    case logTrimMiddle = "log.trim.middle"
    /// An object's data is written, its index entry is not.
    case storeObjectWritten = "store.object.written"
    /// An object's index entry is in the journal, not yet durable.
    case storeJournalWritten = "store.journal.written"
}
