import Catalogs
import Columnar
import Effects
import Faults
import Iceberg
import Metastore
import Scheduling
import Streams
import Tables

/// Gives the rejects of one statement to its SQL once more, and lands what passes exactly once.
///
///     files of the rejects table ──rows of this run──> parse, transform ──passed──────> files of the sink's table
///                                └─────────rows of others, rows that fail again───────> files of the rejects table
///
/// The rejects table itself says what is left to do: a reject leaves it in the transaction that shows its rows and
/// moves its count, so a replay that ends anywhere has landed what is gone and nothing of what is there.
struct RejectsReplay {
    /// Files of so many rows, or bytes, are landed in one commit; a larger one alone.
    private static let groupRows: Int64 = 100_000
    private static let groupBytes: Int64 = 64 << 20

    let context: RunnerContext
    let sink: CatalogSink
    let token: CancellationToken
    private(set) var result: ReplayResult

    init(
        _ context: RunnerContext, sink: CatalogSink, token: CancellationToken
    ) {
        self.context = context
        self.sink = sink
        self.token = token
        result = ReplayResult(stream: sink.stream.name, sink: sink.definition.name)
    }

    /// Files whose rows are looked at and not landed yet.
    private struct Group {
        let files: CatalogFiles
        let table: LoadedTable
        var result: ReplayResult
        var rows: Int64 = 0
        var bytes: Int64 = 0
    }

    /// - Errors: `tableReplaced`, `tableMismatch`, `rejectsChanged`, `commitContended`, `changing`; what has landed until
    ///   then is no reject any more.
    mutating func run() async throws {
        let key = context.key
        let progress = try await context.metastore.read { try ProgressRows.get(key, $0) }
        // Without either nothing was ever landed for it, not even a reject.
        guard let progress, let run = progress.run, progress.tableUUID != nil else { return }
        guard let table = try await rejects(), let snapshotID = table.metadata.currentSnapshot?.snapshotID,
            let plan = try plan(table, run)
        else { return }
        var group: Group?
        do {
            while let task = try await plan.next() {
                var open: Group
                if let group { open = group } else { open = try await begin(progress) }
                group = open
                try await read(task, at: snapshotID, of: run, into: &open)
                group = open
                if open.rows >= Self.groupRows || open.bytes >= Self.groupBytes {
                    group = nil
                    try await land(open, run)
                }
            }
        } catch {
            await group?.files.abandon()
            throw error
        }
        if let group { try await land(group, run) }
    }

    /// Nil when nothing was ever rejected.
    private func rejects() async throws -> LoadedTable? {
        let warehouse = try await sink.catalog.warehouse(named: sink.definition.bucket)
        do {
            return try await sink.catalog.loadTable(
                RejectsTable.identifier(of: sink.stream), in: warehouse)
        } catch let error as CatalogError where [.noSuchTable, .noSuchNamespace].contains(error.code) {
            return nil
        }
    }

    /// Nil for a table of an earlier version, whose rows do not say which statement rejected them.
    private func plan(_ table: LoadedTable, _ run: UniqueID) throws -> ScanPlan? {
        let field = table.metadata.currentSchema.fields.first { $0.name == RejectsTable.runColumn }
        guard let id = field?.id else { return nil }
        let services = sink.tables
        return try TableReader(
            metadata: table.metadata, store: services.store, caches: services.caches,
            workers: Workers((services.pool, .pipeline))
        ).plan(
            predicate: .compare(fieldID: id, .equal, .string(run.hexDigits)), cancellation: token)
    }

    private func begin(_ progress: PipelineProgress) async throws -> Group {
        guard let table = try await rejects() else {
            throw PipelinesError(
                .rejectsChanged, "the table of rejects was dropped meanwhile", ["stream": sink.stream.name])
        }
        return Group(
            files: try await sink.files(for: progress), table: table,
            result: ReplayResult(stream: result.stream, sink: result.sink))
    }

    private func read(
        _ task: ScanTask, at snapshotID: Int64, of run: UniqueID, into group: inout Group
    ) async throws {
        var file = try await RejectsFile(task, of: group.table.metadata, sink.tables)
        try await group.files.replace(rejects: task.file.path, of: group.table, readAt: snapshotID)
        while let batch = try await file.next() {
            try token.check()
            let rows = try await context.pool.run(priority: .pipeline) { RejectedRows(of: batch, run: run) }
            var again: Set<Int64> = []
            if !rows.records.isEmpty {
                let hold = try await context.memory.holdWaiting(
                    context.preparation.memoryBytes(for: rows.records), token: token)
                again = try await transform(rows, into: &group)
                hold.release()
            }
            let staying = batch.selecting(rows.staying(rejectedAgain: again)).dense()
            if staying.rowCount > 0 { try await group.files.keep(staying, of: group.table) }
        }
        group.rows += task.file.recordCount
        group.bytes += task.file.fileSize
    }

    /// Answers the records that were rejected again.
    private func transform(_ rows: RejectedRows, into group: inout Group) async throws -> Set<Int64> {
        var again: Set<Int64> = []
        var reading = try RecordReading(rows.records, context.preparation)
        while !reading.isEnd {
            let (part, rest) = try await context.pool.run(priority: .pipeline) { [reading] in
                var reading = reading
                return (try reading.nextPart(), reading)
            }
            reading = rest
            for batch in part.batches { try await group.files.write(batch) }
            again.formUnion(part.rejects.map(\.record))
            group.result.counts += part.counts
            group.result.reasons.note(part.rejects)
        }
        return again
    }

    /// Shows what passed, takes it out of the rejects and moves the counts, all at once.
    private mutating func land(_ group: Group, _ run: UniqueID) async throws {
        var moved = group.result.counts
        moved.rejected = -(moved.passed + moved.filtered)
        if moved.rejected == 0 {
            await group.files.abandon()
        } else {
            // They were counted when the event came.
            moved.unknownFields = 0
            try await commit(group.files, moved, run)
        }
        result.add(group.result)
    }

    private func commit(_ files: CatalogFiles, _ moved: PipelineCounts, _ run: UniqueID) async throws {
        let key = context.key
        let commit = SinkCommit(
            id: .random(from: context.randomness), streamID: key.streamID, pipelineID: key.pipelineID)
        do {
            let closed = try await files.close(for: commit)
            try await TablesCommit(closed.tables).land { transaction in
                try ProgressRows.replay(
                    moved, of: key, run: run, tableUUID: closed.tableUUID,
                    doing: StatementWork(fileSizes: closed.fileSizes), transaction)
            }
            try closed.whenLanded()
        } catch {
            // When nobody knows, the files may be the tables'; the next replay finds out by what is still a reject.
            if CommitOutcome(ofCatalog: error) == .rejected { await files.abandon() }
            throw error
        }
    }
}
