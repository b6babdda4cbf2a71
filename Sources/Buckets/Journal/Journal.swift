import Blobs
import Effects
import Foundation
import Scheduling
import Synchronization
import Telemetry

/// Why a whole group was not acknowledged.
struct JournalFailure: Error {
    var cause: BlobsError
    /// The record may be in the segment, and a start before the journal is re-opened would find it.
    var mayHaveHappened: Bool
}

/// Makes changes durable in groups and publishes the index they lead to.
///
///     change → queue → [thread: decide · write one frame · sync] → publish → answer
///
/// Only the journal's thread changes the index, one change after the other, so a condition checked by a change still
/// holds when it is applied. Nobody sees a change before its group is durable.
final class Journal: Sendable {
    /// Looks at the index and says what to change; nil when there is nothing to do.
    typealias Decision = @Sendable (StoreIndex) throws -> StoreChange?

    struct Published: Sendable {
        var index: StoreIndex
        var segments: [UInt64: any DiskFile]
    }

    struct Job: Sendable {
        /// About what the record takes.
        var bytes: Int
        var decide: Decision
        var done: @Sendable (Result<StoreRecord?, any Error>) -> Void
    }

    let files: JournalFiles
    let dataFiles: DataFiles
    let limits: StoreLimits
    let randomness: any Randomness
    let metrics: StoreMetrics
    let log: Log
    let ioPool: IOPool
    let published: Mutex<Published>
    /// One checkpoint at a time.
    let isCheckpointing = Atomic<Bool>(false)
    // SAFETY: NSCondition is a lock with a condition; `queue` is read and written only between lock and unlock.
    private let condition = NSCondition()
    private nonisolated(unsafe) var queue = JournalQueue()

    init(
        _ opened: JournalOpening.Opened, files: JournalFiles, dataFiles: DataFiles, limits: StoreLimits,
        effects: StoreEffects
    ) {
        self.files = files
        self.dataFiles = dataFiles
        self.limits = limits
        randomness = effects.randomness
        metrics = effects.storeMetrics
        log = effects.log
        ioPool = effects.ioPool
        published = Mutex(Published(index: opened.index, segments: opened.segments))
        metrics.unfinishedUploads.set(Int64(opened.index.uploads.count))
        metrics.unfinishedBytes.set(opened.index.partBytes)
        let committer = GroupCommitter(journal: self, active: opened.active)
        let thread = Thread { committer.run() }
        thread.name = "store-journal"
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// A snapshot: cheap, and never changed by later commits.
    var index: StoreIndex { published.withLock { $0.index } }

    /// Runs `decide` in its turn and answers, once durable, what was recorded.
    ///
    /// - Errors: what `decide` throws; `BLB-301` or `BLB-302` when the journal could not be written: the change is then
    ///   not visible, and only a crash before the journal is re-opened can bring it back.
    ///
    /// `stage` is discarded when the change certainly did not happen. Else its file must stay: the next start may find
    /// the record, and removes the file if it does not.
    func change(
        bytes: Int = 256, stage: ObjectStage? = nil, _ decide: @escaping Decision
    ) async throws -> StoreRecord? {
        do {
            return try await withCheckedThrowingContinuation { continuation in
                submit(Job(bytes: bytes, decide: decide) { continuation.resume(with: $0) })
            }
        } catch let failure as JournalFailure {
            if !failure.mayHaveHappened { await stage?.discard() }
            throw failure.cause
        } catch {
            await stage?.discard()
            throw error
        }
    }

    func submit(_ job: Job) {
        condition.lock()
        let refusal: BlobsError? =
            if unsafe queue.isClosed {
                BlobsError(.unavailable, "the store is closed")
            } else if unsafe queue.changes.count >= limits.queuedChanges {
                BlobsError(
                    .unavailable, "too many changes wait for the journal", ["limit": limits.queuedChanges])
            } else {
                nil
            }
        if refusal == nil {
            unsafe queue.changes.append(job)
            condition.signal()
        }
        condition.unlock()
        if let refusal { job.done(.failure(refusal)) } else { metrics.waitingChanges.add(1) }
    }

    /// Queues moves of objects, none of which keeps a change waiting for long. The caller has one batch of them at a time.
    func submit(moves: [Job]) {
        condition.lock()
        let isClosed = unsafe queue.isClosed
        if !isClosed {
            unsafe queue.moves += moves
            condition.signal()
        }
        condition.unlock()
        guard isClosed else { return metrics.waitingChanges.add(Int64(moves.count)) }
        for move in moves { move.done(.failure(BlobsError(.unavailable, "the store is closed"))) }
    }

    /// The next group; nil when closed and drained. Blocks the journal's thread.
    func nextGroup() -> (jobs: [Job], wantsRotation: Bool)? {
        condition.lock()
        defer { condition.unlock() }
        while unsafe queue.isEmpty {
            if unsafe queue.isClosed { return nil }
            condition.wait()
        }
        let group = unsafe queue.takeGroup(limits)
        let wantsRotation = unsafe queue.wantsRotation
        unsafe queue.wantsRotation = false
        metrics.waitingChanges.add(-Int64(group.count))
        return (group, wantsRotation)
    }

    /// Begins a new segment and checkpoints the index, whatever the size.
    func requestRotation() {
        condition.lock()
        unsafe queue.wantsRotation = true
        condition.signal()
        condition.unlock()
    }

    /// Finishes what is queued, then ends the thread. Later changes fail.
    func close() {
        condition.lock()
        unsafe queue.isClosed = true
        condition.broadcast()
        condition.unlock()
    }
}
