import Blobs
import Effects
import JSONText
import Scheduling
import Synchronization
import Telemetry

/// The journal's thread: turns groups of changes into durable frames.
final class GroupCommitter: Sendable {
    private let journal: Journal
    // SAFETY: only the journal's thread, which calls `run` once, reads and writes it.
    private nonisolated(unsafe) var active: ActiveSegment

    init(journal: Journal, active: ActiveSegment) {
        self.journal = journal
        unsafe self.active = active
    }

    func run() {
        while let group = journal.nextGroup() {
            if !group.jobs.isEmpty { commit(group.jobs) }
            let isFull = unsafe active.end >= journal.limits.segmentBytes
            if isFull || group.wantsRotation, unsafe !active.isPoisoned { rotate() }
        }
    }

    /// What became of one job before the disk was asked.
    private struct Decided {
        var job: Journal.Job
        var outcome: Result<StoreRecord?, any Error>
    }

    private func commit(_ jobs: [Journal.Job]) {
        if unsafe active.isPoisoned {
            do throws(BlobsError) { try reopen() } catch {
                for job in jobs { job.done(.failure(JournalFailure(cause: error, mayHaveHappened: false))) }
                return
            }
        }
        var working = journal.index
        var encoder = RecordEncoder()
        var freed: [ObjectPlace] = []
        let decided = jobs.map { job in
            Decided(job: job, outcome: Result { try decide(job, &working, &encoder, &freed) })
        }
        if !encoder.bytes.isEmpty {
            do throws(BlobsError) { try write(encoder.bytes) } catch {
                // Also those that changed nothing: they looked at an index that never came to be.
                let failure = unsafe JournalFailure(cause: error, mayHaveHappened: active.isPoisoned)
                for item in decided { item.job.done(.failure(failure)) }
                return
            }
            journal.metrics.journalRecords.add(Int64(decided.count { (try? $0.outcome.get()) != nil }))
            publish(working)
        }
        for item in decided { item.job.done(item.outcome) }
        remove(freed)
    }

    /// Lets the job look at the index as the jobs before it leave it, and applies what it wants.
    private func decide(
        _ job: Journal.Job, _ working: inout StoreIndex, _ encoder: inout RecordEncoder,
        _ freed: inout [ObjectPlace]
    ) throws -> StoreRecord? {
        guard let change = try job.decide(working) else { return nil }
        let mark = encoder.bytes.count
        var record = change.record
        if let start = encoder.append(change) {
            let origin = unsafe active.end + Int64(JournalFrame.headerBytes)
            record = unsafe record.placed(
                .journal(segment: active.header.number, offset: origin + Int64(start)))
        }
        do throws(BucketsError) { freed += try working.apply(record) } catch {
            encoder.cut(to: mark)
            throw error
        }
        return record
    }

    /// Durable on return; else the segment is as before, or poisoned.
    private func write(_ body: [UInt8]) throws(BlobsError) {
        try journal.dataFiles.syncDirectories()
        let frame = unsafe JournalFrame.encode(body, sequence: active.nextSequence, salt: active.header.salt)
        do throws(BlobsError) {
            unsafe try active.file.write(frame, at: active.end)
        } catch {
            // Nothing of this frame was synced; without it the segment is what it was.
            unsafe undoWrite(to: active.end)
            throw error
        }
        FaultPoints.pass(.storeJournalWritten)
        do throws(BlobsError) {
            if !PlantedBugs.fromEnvironment.has(.storeJournalNotSynced) { unsafe try active.file.sync() }
        } catch {
            poison(error)
            throw error
        }
        journal.metrics.journalSyncs.add()
        journal.metrics.journalBytes.add(Int64(frame.count))
        unsafe active.end += Int64(frame.count)
        unsafe active.nextSequence += 1
    }

    private func undoWrite(to end: Int64) {
        do throws(BlobsError) {
            unsafe try active.file.truncate(to: end)
            unsafe try active.file.sync()
        } catch { poison(error) }
    }

    private func poison(_ error: BlobsError) {
        unsafe active.isPoisoned = true
        journal.metrics.isPoisoned.set(1)
        journal.log.error(
            "the journal of the store failed; it is re-opened before the next change",
            ["error": .string("\(error)")])
    }

    /// After a failed sync the kernel may have dropped what it could not write and call it clean. So the acknowledged
    /// frames are read back and checked, and a checkpoint makes a new segment independent of whatever follows them.
    ///
    /// The new segment stays hidden until its checkpoint is durable: a start in between finds the old segment as the last,
    /// whose end may be torn, or the checkpoint and the segment it waits for.
    private func reopen() throws(BlobsError) {
        let number = unsafe active.header.number
        do {
            guard
                let file = try journal.files.disk.open(journal.files.segmentPath(number), isWritable: false),
                let scan = try unsafe JournalScan(file, kind: .segment, number: number, upTo: active.end)
            else {
                throw BlobsError(.unavailable, "the poisoned segment cannot be read", ["segment": number])
            }
            _ = try scan.run(allowsTornEnd: false) { _, _ in }
            let next = try unsafe journal.files.createSegment(
                number + 1, firstSequence: active.nextSequence, isHidden: true, randomness: journal.randomness
            )
            try journal.files.writeCheckpoint(number + 1, journal.index, randomness: journal.randomness)
            try journal.files.reveal(number + 1)
            adopt(next)
            journal.metrics.isPoisoned.set(0)
            journal.log.warning(
                "the journal of the store is re-opened", ["segment": .string("\(number + 1)")])
        } catch let error as BlobsError {
            throw error
        } catch {
            throw BlobsError(
                .unavailable, "the journal cannot be re-opened", ["segment": number], cause: error)
        }
    }

    /// Begins the next segment. When the disk refuses, the present one is used further.
    private func rotate() {
        guard
            journal.isCheckpointing.compareExchange(
                expected: false, desired: true, ordering: .acquiringAndReleasing
            ).exchanged
        else { return }
        do throws(BlobsError) {
            let next = try unsafe journal.files.createSegment(
                active.header.number + 1, firstSequence: active.nextSequence, randomness: journal.randomness)
            adopt(next)
            journal.startCheckpoint(next.header.number, of: journal.index)
        } catch {
            journal.metrics.checkpointFailures.add()
            journal.log.warning("no new segment for the store's journal", ["error": .string("\(error)")])
            journal.isCheckpointing.store(false, ordering: .releasing)
        }
    }

    private func adopt(_ next: ActiveSegment) {
        unsafe active = next
        journal.published.withLock { $0.segments[next.header.number] = next.file }
    }

    private func publish(_ index: StoreIndex) {
        // The old index is let go outside the lock: that may free many nodes.
        let old = journal.published.withLock { published in
            let old = published.index
            published.index = index
            return old
        }
        journal.metrics.unfinishedUploads.set(Int64(index.uploads.count))
        journal.metrics.unfinishedBytes.set(index.partBytes)
        withExtendedLifetime(old) {}
    }

    /// Readers that are at it keep their open file; a file that stays behind is removed at the next start.
    private func remove(_ places: [ObjectPlace]) {
        let ids = places.compactMap { place in if case .file(let id) = place { id } else { nil } }
        guard !ids.isEmpty else { return }
        let dataFiles = journal.dataFiles
        let log = journal.log
        journal.ioPool.submit {
            for id in ids {
                do throws(BlobsError) { try dataFiles.remove(id) } catch {
                    log.warning("a file nobody needs stays behind", ["error": .string("\(error)")])
                }
            }
        } refused: { error in
            log.warning("files nobody needs stay behind", ["error": .string("\(error)")])
        }
    }
}

extension StoreRecord {
    /// The record with its object at `place`.
    func placed(_ place: ObjectPlace) -> StoreRecord {
        switch self {
        case .put(let bucket, let key, let entry):
            .put(bucket: bucket, key: key, entry: ObjectEntry(place: place, facts: entry.facts))
        case .putPart(let upload, let number, let entry):
            .putPart(upload: upload, number: number, entry: ObjectEntry(place: place, facts: entry.facts))
        case .completeUpload(let id, let entry):
            .completeUpload(id: id, entry: ObjectEntry(place: place, facts: entry.facts))
        default: self
        }
    }
}
