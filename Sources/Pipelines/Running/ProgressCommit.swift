import Effects
import Faults
import JSONText
import Metastore
import Synchronization
import Tables
import Telemetry

/// Moves tables and the progress of one statement, or of several, in one transaction, and finds out what happened when the
/// answer is lost.
struct ProgressCommit {
    /// What one statement brings.
    struct Part: Sendable {
        let context: RunnerContext
        let old: PipelineProgress
        let new: PipelineProgress
        let files: any SinkFiles

        fileprivate var commit: SinkCommit {
            SinkCommit(
                id: new.commitID ?? UniqueID(high: 0, low: 0), streamID: new.key.streamID,
                pipelineID: new.key.pipelineID, next: new.next)
        }

        fileprivate func move(
            _ files: ClosedFiles, at now: Instant, _ transaction: Transaction
        ) throws -> PipelineProgress {
            var moved = new
            moved.tableUUID = files.tableUUID
            if context.planted.has(.countersOutsideTransaction) { moved.counts = old.counts }
            var work = StatementWork(fileSizes: files.fileSizes)
            work.commits = 1
            work.retries = context.metrics.retries.current
            return try ProgressRows.move(
                from: old, to: moved, doing: work, at: now, planted: context.planted, transaction)
        }
    }

    private let parts: [Part]
    private let context: RunnerContext

    init(_ parts: [Part]) {
        precondition(!parts.isEmpty, "a commit moves something")
        self.parts = parts
        context = parts[0].context
    }

    /// - Returns: the progress of each part as it is stored now.
    /// - Errors: `ownershipLost`, and what the sinks say. Files are deleted only when the commit surely did not happen.
    func land() async throws -> [PipelineProgress] {
        if context.planted.has(.statementsApart), parts.count > 1 {
            var landed: [PipelineProgress] = []
            for part in parts { landed += try await ProgressCommit([part]).land() }
            return landed
        }
        do {
            return try await commit()
        } catch let error as any Fault {
            if CommitOutcome(of: error) == .rejected {
                await abandon()
                throw error
            }
            if context.planted.has(.commitRepeatedBlindly) { return try await commit() }
            return try await resolve(after: error)
        }
    }

    private func abandon() async { for part in parts { await part.files.abandon() } }

    private func commit() async throws -> [PipelineProgress] {
        let closed = try await close()
        let (parts, now) = (self.parts, context.clock.now)
        let isProgressOutside = context.planted.has(.progressOutsideTransaction)
        // It may run again when another commit came in between.
        let stored = Mutex<[PipelineProgress]>([])
        let alongside: @Sendable (Transaction) throws -> Void = { transaction in
            var landed: [PipelineProgress] = []
            for (part, files) in zip(parts, closed) {
                if !isProgressOutside { landed.append(try part.move(files, at: now, transaction)) }
                try files.alongside(transaction)
            }
            stored.withLock { [landed] in $0 = landed }
        }
        let tables = closed.flatMap(\.tables)
        if tables.isEmpty {
            try await context.metastore.write(alongside)
        } else {
            try await TablesCommit(tables).land(alongside)
        }
        for files in closed { try files.whenLanded() }
        if isProgressOutside || context.planted.has(.countersOutsideTransaction) {
            return try await moveLate(closed, at: now)
        }
        return stored.withLock { $0 }
    }

    /// All at once: a commit takes as long as its slowest sink.
    private func close() async throws -> [ClosedFiles] {
        let results = await withTaskGroup(of: (Int, Result<ClosedFiles, any Error>).self) { group in
            for (index, part) in parts.enumerated() {
                group.addTask {
                    do { return (index, .success(try await part.files.close(for: part.commit))) } catch {
                        return (index, .failure(error))
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        return try results.sorted { $0.0 < $1.0 }.map { try $0.1.get() }
    }

    /// Two planted bugs.
    private func moveLate(_ closed: [ClosedFiles], at now: Instant) async throws -> [PipelineProgress] {
        FaultPoints.pass(.commitPointerMoved)
        let parts = self.parts
        return try await context.metastore.write { transaction in
            try zip(parts, closed).map { part, files in
                var after = part.new
                after.tableUUID = files.tableUUID
                var before = part.context.planted.has(.countersOutsideTransaction) ? after : part.old
                before.counts = part.old.counts
                return try ProgressRows.move(
                    from: before, to: after, at: now, planted: part.context.planted, transaction)
            }
        }
    }

    /// The commit id in the progress rows tells: it is written by the transaction in question and by no other, in all of
    /// them or in none. One row that has it is enough: somebody else may have moved the others since.
    ///
    /// When it did not happen, and the error is not one that leaves the outcome open, the files are nobody's. Without
    /// taking them away a full disk would get fuller with each attempt.
    private func resolve(after error: any Fault) async throws -> [PipelineProgress] {
        let keys = parts.map(\.new.key)
        let found = try await context.metastore.read { transaction in
            try keys.map { try ProgressRows.get($0, transaction) }
        }
        let stored = found.compactMap(\.self)
        guard stored.count == found.count else { throw error }
        let hasHappened = zip(stored, parts).contains { $0.commitID == $1.new.commitID }
        context.log.warning(
            "looked up a commit whose answer was lost",
            [
                "pipeline": .string(context.pipelineName),
                "commit": .string("\(parts[0].commit.id)"),
                "happened": .boolean(hasHappened), "error": .string("\(error)"),
            ])
        guard hasHappened else {
            if error.kind != .outcomeUnknown { await abandon() }
            throw error
        }
        return stored
    }
}
