#if canImport(Glibc)
    import Glibc
#endif

/// A bug on purpose, to prove that the crash tests would find it. Each is described in `Docs/planted-bugs.md`.
package enum PlantedBug: String, Sendable, CaseIterable {
    /// The log acknowledges without any fdatasync.
    case logSkipSync = "log-skip-sync"
    /// The log acknowledges a record before it writes it.
    case logAckBeforeWrite = "log-ack-before-write"
    /// The log acknowledges a record that is written but not synced.
    case logAckBeforeSync = "log-ack-before-sync"
    /// Opening and reading the log believes record bodies without their checksum.
    case logNoChecksumCheck = "log-no-checksum-check"
    /// What a killed process left in the page cache is believed without a sync.
    case logOpenNotSynced = "log-open-not-synced"
    /// A new segment's directory entry is not synced.
    case segmentDirectoryNotSynced = "segment-dir-not-synced"
    /// After a failed sync the log goes on as if nothing had happened.
    case logIgnoreFailedSync = "log-ignore-failed-sync"
    /// The index of requests is not written before the log is trimmed.
    case logMarksNotKept = "log-marks-not-kept"
    /// A log that is opened does not learn the marks of the records in its segments.
    case logMarksNotLearned = "log-marks-not-learned"
    /// A repeat of a request that is still being written is acknowledged at once.
    case logRepeatAckedEarly = "log-repeat-acked-early"
    /// The mark of a request that was not kept is remembered: a repeat is acknowledged and lost.
    case logFailedMarkKept = "log-failed-mark-kept"
    /// What a full disk left of a group is not cut off.
    case logFullDiskLeftovers = "log-full-disk-leftovers"
    /// The progress row is written after the table's commit, not with it.
    case progressOutsideTransaction = "progress-outside-transaction"
    /// The counters are written after the table's commit, not with it.
    case countersOutsideTransaction = "counters-outside-transaction"
    /// The log is told that records landed before they are committed.
    case trimBeforeCommit = "trim-before-commit"
    /// A restarted pipeline reads its last landed record again.
    case replayLastRecord = "replay-last-record"
    /// The progress comparison is left out: two owners both commit.
    case progressNotCompared = "progress-not-compared"
    /// A statement that new SQL brings begins at the oldest record, not where the pipeline stands.
    case changeForgetsPlace = "change-forgets-place"
    /// A commit whose answer is lost is repeated without looking whether it happened.
    case commitRepeatedBlindly = "commit-repeated-blindly"
    /// A sink's files appear before the commit that promises them.
    case filesShownEarly = "files-shown-early"
    /// Promises of an earlier process are forgotten.
    case promisesForgotten = "promises-forgotten"
    /// A record that holds the text `end-the-process` ends the process when a pipeline works on it.
    case recordEndsProcess = "record-ends-process"
    /// A pipeline goes on behind the log's end, not behind the last record it has read.
    case placeAtLogEnd = "place-at-log-end"
    /// A commit may come inside a record that is written in parts.
    case commitInsideRecord = "commit-inside-record"
    /// Rejects land in a commit of their own, before the rows.
    case rejectsApart = "rejects-apart"
    /// Of statements that should commit together each commits by itself.
    case statementsApart = "statements-apart"
    /// Rejects are counted and not written.
    case rejectsDropped = "rejects-dropped"
    /// A process whose node was taken over still commits: its epoch is not compared.
    case epochNotCompared = "epoch-not-compared"
    /// The log takes and acknowledges requests although its owner's lease may be over.
    case ackAfterLease = "ack-after-lease"
    /// The local store answers a put before its data file is synced.
    case storeFilesNotSynced = "store-files-not-synced"
    /// The local store answers a put before its journal is synced.
    case storeJournalNotSynced = "store-journal-not-synced"
}

/// The bugs that are switched on; never any in a release build, where `has` is the constant false.
package struct PlantedBugs: Sendable {
    #if DEBUG
        private let active: Set<PlantedBug>
    #endif

    package init(_ active: Set<PlantedBug> = []) {
        #if DEBUG
            self.active = active
        #endif
    }

    /// `FIRN_PLANT=log-skip-sync,trim-before-commit`; nothing in a release build.
    package static let fromEnvironment: PlantedBugs = {
        #if DEBUG
            // SAFETY: read once, at start-up; nothing here changes the environment.
            guard let text = unsafe getenv("FIRN_PLANT") else { return PlantedBugs() }
            let names = unsafe String(cString: text).split(separator: ",")
            return PlantedBugs(Set(names.compactMap { PlantedBug(rawValue: String($0)) }))
        #else
            return PlantedBugs()
        #endif
    }()

    @inline(__always)
    package func has(_ bug: PlantedBug) -> Bool {
        #if DEBUG
            active.contains(bug)
        #else
            false
        #endif
    }
}
