import Effects
import Metastore
import Streams

/// Progress as rows of the Metastore, and the comparison that makes two owners impossible.
enum ProgressRows {
    /// `statement` is the place among the pipeline's statements, from zero.
    ///
    /// - Errors: `STR-101`, `PIP-102` when the stream or the sink was deleted since the SQL was compiled.
    static func insert(
        _ progress: PipelineProgress, statement: Int, _ transaction: Transaction
    ) throws {
        let (stream, sink) = (progress.key.streamID.hexDigits, progress.key.sinkID.hexDigits)
        guard try transaction.first("SELECT id FROM streams WHERE id = ?", [.text(stream)]) != nil else {
            throw StreamsError(.streamNotFound, "the pipeline's stream was deleted", ["stream": stream])
        }
        guard try transaction.first("SELECT id FROM sinks WHERE id = ?", [.text(sink)]) != nil else {
            throw PipelinesError(.sinkNotFound, "the pipeline's sink was deleted", ["sink": sink])
        }
        try transaction.execute(
            """
            INSERT INTO pipeline_progress (pipeline_id, sink_id, stream_id, table_uuid, next_record, next_event,
                owner_epoch, commit_id, start_event, landed_event, passed, filtered, rejected, sink_rows, unknown_fields,
                run_id, statement, commits, retries, files, bytes_out, counted_since)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            progress.key.values + [
                SQLValue(progress.tableUUID), .integer(progress.next.record),
                .integer(Int64(progress.next.event)),
                .integer(progress.ownerEpoch), SQLValue(progress.commitID?.hexDigits),
                .integer(progress.startEvent), .integer(progress.landedEvent),
            ] + counts(progress.counts) + [SQLValue(progress.run?.hexDigits), .integer(Int64(statement))]
                + work(progress.work) + [SQLValue(progress.work.since?.microseconds)])
    }

    static func get(_ key: ProgressKey, _ transaction: Transaction) throws -> PipelineProgress? {
        try transaction.first(
            "SELECT * FROM pipeline_progress WHERE \(isKey)", key.values
        ).map(progress)
    }

    private static let isKey = "pipeline_id = ? AND sink_id = ? AND stream_id = ?"

    /// Those of one pipeline, in the order of its statements.
    static func all(pipeline id: UniqueID, _ transaction: Transaction) throws -> [PipelineProgress] {
        try transaction.query(
            "SELECT * FROM pipeline_progress WHERE pipeline_id = ? ORDER BY statement, sink_id LIMIT \(limit)",
            [.text(id.hexDigits)]
        ).map(progress)
    }

    static func all(_ transaction: Transaction) throws -> [PipelineProgress] {
        try transaction.query(
            "SELECT * FROM pipeline_progress ORDER BY pipeline_id, statement, sink_id LIMIT \(limit)"
        ).map(progress)
    }

    private static let limit = LogConsumer.limit + 1

    static func delete(_ key: ProgressKey, _ transaction: Transaction) throws {
        try transaction.execute("DELETE FROM pipeline_progress WHERE \(isKey)", key.values)
    }

    static func setStatement(_ index: Int, of key: ProgressKey, _ transaction: Transaction) throws {
        try transaction.execute(
            "UPDATE pipeline_progress SET statement = ?, failure = NULL WHERE \(isKey)",
            [.integer(Int64(index))] + key.values)
    }

    /// Nothing has landed any more; the owner's epoch stays, so that no owner before can commit.
    static func reset(to new: PipelineProgress, _ transaction: Transaction) throws {
        try transaction.execute(
            """
            UPDATE pipeline_progress SET table_uuid = NULL, next_record = ?, next_event = ?, commit_id = NULL,
                start_event = ?, landed_event = ?, passed = 0, filtered = 0, rejected = 0, sink_rows = 0,
                unknown_fields = 0, failure = NULL, run_id = NULL, owner_epoch = owner_epoch + 1, commits = 0,
                retries = 0, files = 0, bytes_out = 0, counted_since = NULL
            WHERE \(isKey)
            """,
            [
                .integer(new.next.record), .integer(Int64(new.next.event)), .integer(new.startEvent),
                .integer(new.landedEvent),
            ] + new.key.values)
    }

    static func setFailure(_ failure: String?, of key: ProgressKey, _ transaction: Transaction) throws {
        try transaction.execute(
            "UPDATE pipeline_progress SET failure = ? WHERE \(isKey)", [SQLValue(failure)] + key.values)
    }

    /// Takes the statement over: from now on the owner before cannot commit. `run` is a fresh id, for a statement that
    /// begins.
    static func claim(
        _ key: ProgressKey, run: UniqueID, _ transaction: Transaction
    ) throws -> PipelineProgress {
        try transaction.execute(
            """
            UPDATE pipeline_progress SET owner_epoch = owner_epoch + 1, failure = NULL, run_id = COALESCE(run_id, ?)
            WHERE \(isKey)
            """,
            [.text(run.hexDigits)] + key.values)
        guard let progress = try get(key, transaction) else { throw gone(key) }
        guard progress.isBalanced else {
            throw PipelinesError(
                .corrupt, "the pipeline's counters do not add up",
                [
                    "pipeline": key.pipelineID.hexDigits,
                    "landed": progress.landedEvent - progress.startEvent,
                    "counted": progress.counts.events,
                ])
        }
        return progress
    }

    static func gone(_ key: ProgressKey) -> PipelinesError {
        PipelinesError(
            .pipelineNotFound, "the pipeline or its stream was deleted",
            ["pipeline": key.pipelineID.hexDigits, "stream": key.streamID.hexDigits])
    }

    /// Sets `new` where `old` still stands. Its counts are added, not set: a replay of rejects moves some meanwhile.
    ///
    /// - Returns: what is stored now.
    /// - Errors: `ownershipLost` when it does not: somebody else owns the pipeline now; `pipelineNotFound`.
    static func move(
        from old: PipelineProgress, to new: PipelineProgress, doing work: StatementWork = StatementWork(),
        at now: Instant, planted: PlantedBugs, _ transaction: Transaction
    ) throws -> PipelineProgress {
        precondition(new.ownerEpoch == old.ownerEpoch)
        let comparison: [SQLValue] =
            planted.has(.progressNotCompared)
            ? []
            : [.integer(old.ownerEpoch), .integer(old.next.record), .integer(Int64(old.next.event))]
        let changed = try transaction.execute(
            """
            UPDATE pipeline_progress SET table_uuid = ?, next_record = ?, next_event = ?, commit_id = ?,
                landed_event = ?, \(addition), \(workAddition), committed_at = ?,
                counted_since = COALESCE(counted_since, ?)
            WHERE \(isKey)
            """ + (comparison.isEmpty ? "" : " AND owner_epoch = ? AND next_record = ? AND next_event = ?"),
            [
                SQLValue(new.tableUUID), .integer(new.next.record), .integer(Int64(new.next.event)),
                SQLValue(new.commitID?.hexDigits), .integer(new.landedEvent),
            ] + counts(new.counts - old.counts) + Self.work(work)
                + [.integer(now.microseconds), .integer(now.microseconds)] + new.key.values + comparison)
        guard changed == 1 else {
            guard try get(old.key, transaction) != nil else { throw gone(old.key) }
            throw PipelinesError(
                .ownershipLost, "another process runs the pipeline",
                ["pipeline": old.key.pipelineID.hexDigits, "epoch": old.ownerEpoch, "offset": old.next])
        }
        guard let stored = try get(new.key, transaction) else { throw gone(new.key) }
        return stored
    }

    private static let addition =
        ["passed", "filtered", "rejected", "sink_rows", "unknown_fields"]
        .map { "\($0) = \($0) + ?" }.joined(separator: ", ")

    private static let workAddition =
        ["commits", "retries", "files", "bytes_out"].map { "\($0) = \($0) + ?" }.joined(separator: ", ")

    /// Counts what a replay of the run's rejects has made of them, for a sink that still writes to this table.
    ///
    /// - Errors: `changing` when the statement was reset or taken away meanwhile.
    static func replay(
        _ counts: PipelineCounts, of key: ProgressKey, run: UniqueID, tableUUID: String,
        doing work: StatementWork, _ transaction: Transaction
    ) throws {
        precondition(counts.events == 0, "a replay moves events that are counted already")
        let changed = try transaction.execute(
            """
            UPDATE pipeline_progress SET \(addition), \(workAddition)
            WHERE \(isKey) AND run_id = ? AND table_uuid = ?
            """,
            self.counts(counts) + Self.work(work) + key.values + [.text(run.hexDigits), .text(tableUUID)])
        guard changed == 1 else {
            throw PipelinesError(
                .changing, "the pipeline was reset or changed meanwhile",
                ["pipeline": key.pipelineID.hexDigits], hint: "try again")
        }
    }

    private static func counts(_ counts: PipelineCounts) -> [SQLValue] {
        [
            .integer(counts.passed), .integer(counts.filtered), .integer(counts.rejected),
            .integer(counts.sinkRows), .integer(counts.unknownFields),
        ]
    }

    static func work(_ work: StatementWork) -> [SQLValue] {
        [.integer(work.commits), .integer(work.retries), .integer(work.files), .integer(work.bytesOut)]
    }

    static func work(_ row: Row) throws -> StatementWork {
        var work = StatementWork()
        work.commits = try row.integer("commits")
        work.retries = try row.integer("retries")
        work.files = try row.integer("files")
        work.bytesOut = try row.integer("bytes_out")
        work.since = try row.optionalInteger("counted_since").map { Instant(microseconds: $0) }
        return work
    }

    private static func progress(_ row: Row) throws -> PipelineProgress {
        guard let event = Int(exactly: try row.integer("next_event")) else {
            throw PipelinesError(.corrupt, "a pipeline's offset does not decode")
        }
        let key = ProgressKey(
            pipelineID: try identifier(row, "pipeline_id"), sinkID: try identifier(row, "sink_id"),
            streamID: try identifier(row, "stream_id"))
        var progress = PipelineProgress(
            key: key, next: LogOffset(record: try row.integer("next_record"), event: event),
            startEvent: try row.integer("start_event"))
        progress.tableUUID = try row.optionalText("table_uuid")
        progress.ownerEpoch = try row.integer("owner_epoch")
        progress.commitID = try row.optionalText("commit_id").flatMap { UniqueID($0) }
        progress.landedEvent = try row.integer("landed_event")
        progress.counts = try counts(row)
        progress.work = try work(row)
        progress.run = try row.optionalText("run_id").flatMap { UniqueID($0) }
        progress.committedAt = try row.optionalInteger("committed_at").map { Instant(microseconds: $0) }
        progress.failure = try row.optionalText("failure")
        return progress
    }

    static func counts(_ row: Row) throws -> PipelineCounts {
        var counts = PipelineCounts()
        counts.passed = try row.integer("passed")
        counts.filtered = try row.integer("filtered")
        counts.rejected = try row.integer("rejected")
        counts.sinkRows = try row.integer("sink_rows")
        counts.unknownFields = try row.integer("unknown_fields")
        return counts
    }

    static func identifier(_ row: Row, _ name: String) throws -> UniqueID {
        guard let id = UniqueID(try row.text(name)) else {
            throw PipelinesError(
                .corrupt, "an id does not decode", ["column": name, "text": try row.text(name)])
        }
        return id
    }
}
