import Effects
import Faults
import JSONText
import Metastore
import Synchronization
import Tables
import Telemetry

/// Moves a table and a pipeline's progress in one transaction, and finds out what happened when the answer is lost.
struct ProgressCommit {
    let context: RunnerContext
    let old: PipelineProgress
    let new: PipelineProgress

    /// - Returns: the progress as it is stored now.
    /// - Errors: `ownershipLost`, and what the sink says. Its files are deleted only when the commit surely did not
    ///   happen.
    func land(_ files: any SinkFiles) async throws -> PipelineProgress {
        do {
            return try await commit(files)
        } catch let error as any Fault {
            if CommitOutcome(of: error) == .rejected {
                await files.abandon()
                throw error
            }
            if context.planted.has(.commitRepeatedBlindly) { return try await commit(files) }
            return try await resolve(after: error, files)
        }
    }

    private func commit(_ files: any SinkFiles) async throws -> PipelineProgress {
        let old = self.old
        let new = self.new
        let context = self.context
        let now = context.clock.now
        let isProgressOutside = context.planted.has(.progressOutsideTransaction)
        let areCountersOutside = context.planted.has(.countersOutsideTransaction)
        let commit = SinkCommit(
            id: new.commitID ?? UniqueID(high: 0, low: 0), streamID: new.key.streamID,
            pipelineID: new.key.pipelineID,
            next: new.next)
        // It may run again when another commit came in between.
        let stored = Mutex<PipelineProgress?>(nil)
        let uuid = try await files.commit(commit) { transaction, tableUUID in
            if isProgressOutside { return }
            var moved = new
            moved.tableUUID = tableUUID
            if areCountersOutside { moved.counts = old.counts }
            let landed = try ProgressRows.move(
                from: old, to: moved, at: now, planted: context.planted, transaction)
            stored.withLock { $0 = landed }
        }
        var moved = new
        moved.tableUUID = uuid
        if isProgressOutside || areCountersOutside {
            FaultPoints.pass(.commitPointerMoved)
            let after = moved
            var before = areCountersOutside ? after : old
            before.counts = old.counts
            return try await context.metastore.write { [before] transaction in
                try ProgressRows.move(from: before, to: after, at: now, planted: context.planted, transaction)
            }
        }
        guard let landed = stored.withLock({ $0 }) else {
            preconditionFailure("a commit does what is alongside it")
        }
        return landed
    }

    /// The commit id in the progress row tells: it is written by the transaction in question and by no other.
    ///
    /// When it did not happen, and the error is not one that leaves the outcome open, the files are nobody's. Without
    /// taking them away a full disk would get fuller with each attempt.
    private func resolve(after error: any Fault, _ files: any SinkFiles) async throws -> PipelineProgress {
        let key = context.key
        let stored = try await context.metastore.read { try ProgressRows.get(key, $0) }
        guard let stored else { throw error }
        context.log.warning(
            "looked up a commit whose answer was lost",
            [
                "pipeline": .string(context.pipelineName),
                "commit": .string("\(new.commitID.map { "\($0)" } ?? "")"),
                "happened": .boolean(stored.commitID == new.commitID), "error": .string("\(error)"),
            ])
        guard stored.commitID == new.commitID else {
            if error.kind != .outcomeUnknown { await files.abandon() }
            throw error
        }
        return stored
    }
}
