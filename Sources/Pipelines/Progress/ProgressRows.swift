import Effects
import Metastore
import Streams

/// Progress as rows of the Metastore, and the comparison that makes two owners impossible.
enum ProgressRows {
    static func insert(_ progress: PipelineProgress, _ transaction: Transaction) throws {
        try transaction.execute(
            """
            INSERT INTO pipeline_progress (pipeline_id, sink_id, stream_id, table_uuid, next_record, next_event,
                owner_epoch, commit_id, start_event, landed_event, passed, filtered, rejected, sink_rows, unknown_fields)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            key(progress) + [
                SQLValue(progress.tableUUID), .integer(progress.next.record),
                .integer(Int64(progress.next.event)),
                .integer(progress.ownerEpoch), SQLValue(progress.commitID?.hexDigits),
                .integer(progress.startEvent), .integer(progress.landedEvent),
            ] + counts(progress.counts))
    }

    static func get(pipeline id: UniqueID, _ transaction: Transaction) throws -> PipelineProgress? {
        try transaction.first(
            "SELECT * FROM pipeline_progress WHERE pipeline_id = ?", [.text(id.hexDigits)]
        ).map(progress)
    }

    static func all(_ transaction: Transaction) throws -> [PipelineProgress] {
        try transaction.query(
            "SELECT * FROM pipeline_progress ORDER BY pipeline_id LIMIT \(PipelineStore.pipelineLimit + 1)"
        ).map(progress)
    }

    /// Takes the pipeline over: from now on the owner before cannot commit.
    static func claim(pipeline id: UniqueID, _ transaction: Transaction) throws -> PipelineProgress {
        try transaction.execute(
            "UPDATE pipeline_progress SET owner_epoch = owner_epoch + 1 WHERE pipeline_id = ?",
            [.text(id.hexDigits)])
        guard let progress = try get(pipeline: id, transaction) else {
            throw PipelinesError(
                .pipelineNotFound, "the pipeline has no progress", ["pipeline": id.hexDigits])
        }
        guard progress.isBalanced else {
            throw PipelinesError(
                .corrupt, "the pipeline's counters do not add up",
                [
                    "pipeline": id.hexDigits, "landed": progress.landedEvent - progress.startEvent,
                    "counted": progress.counts.events,
                ])
        }
        return progress
    }

    /// Sets `new` where `old` still stands.
    ///
    /// - Errors: `ownershipLost` when it does not: somebody else owns the pipeline now.
    static func move(
        from old: PipelineProgress, to new: PipelineProgress, at now: Instant, planted: PlantedBugs,
        _ transaction: Transaction
    ) throws {
        precondition(new.ownerEpoch == old.ownerEpoch)
        let comparison: [SQLValue] =
            planted.has(.progressNotCompared)
            ? []
            : [.integer(old.ownerEpoch), .integer(old.next.record), .integer(Int64(old.next.event))]
        let changed = try transaction.execute(
            """
            UPDATE pipeline_progress SET table_uuid = ?, next_record = ?, next_event = ?, commit_id = ?,
                landed_event = ?, passed = ?, filtered = ?, rejected = ?, sink_rows = ?, unknown_fields = ?,
                committed_at = ?
            WHERE pipeline_id = ? AND sink_id = ? AND stream_id = ?
            """ + (comparison.isEmpty ? "" : " AND owner_epoch = ? AND next_record = ? AND next_event = ?"),
            [
                SQLValue(new.tableUUID), .integer(new.next.record), .integer(Int64(new.next.event)),
                SQLValue(new.commitID?.hexDigits), .integer(new.landedEvent),
            ] + counts(new.counts) + [.integer(now.microseconds)] + key(new) + comparison)
        guard changed == 1 else {
            throw PipelinesError(
                .ownershipLost, "another process runs the pipeline",
                ["pipeline": old.pipelineID.hexDigits, "epoch": old.ownerEpoch, "offset": old.next])
        }
    }

    private static func key(_ progress: PipelineProgress) -> [SQLValue] {
        [
            .text(progress.pipelineID.hexDigits), .text(progress.sinkID.hexDigits),
            .text(progress.streamID.hexDigits),
        ]
    }

    private static func counts(_ counts: PipelineCounts) -> [SQLValue] {
        [
            .integer(counts.passed), .integer(counts.filtered), .integer(counts.rejected),
            .integer(counts.sinkRows), .integer(counts.unknownFields),
        ]
    }

    private static func progress(_ row: Row) throws -> PipelineProgress {
        var counts = PipelineCounts()
        counts.passed = try row.integer("passed")
        counts.filtered = try row.integer("filtered")
        counts.rejected = try row.integer("rejected")
        counts.sinkRows = try row.integer("sink_rows")
        counts.unknownFields = try row.integer("unknown_fields")
        guard let event = Int(exactly: try row.integer("next_event")) else {
            throw PipelinesError(.corrupt, "a pipeline's offset does not decode")
        }
        return PipelineProgress(
            pipelineID: try identifier(row, "pipeline_id"), sinkID: try identifier(row, "sink_id"),
            streamID: try identifier(row, "stream_id"), tableUUID: try row.optionalText("table_uuid"),
            next: LogOffset(record: try row.integer("next_record"), event: event),
            ownerEpoch: try row.integer("owner_epoch"),
            commitID: try row.optionalText("commit_id").flatMap { UniqueID($0) },
            startEvent: try row.integer("start_event"), landedEvent: try row.integer("landed_event"),
            counts: counts)
    }

    static func identifier(_ row: Row, _ name: String) throws -> UniqueID {
        guard let id = UniqueID(try row.text(name)) else {
            throw PipelinesError(
                .corrupt, "an id does not decode", ["column": name, "text": try row.text(name)])
        }
        return id
    }
}
