import Effects
import Metastore
import Streams

/// Where statements stood that new SQL took away: one that comes back lands nothing twice.
///
/// A row for each way of a pipeline from a stream to a destination: the statement that went it last.
enum RetiredStatements {
    /// Of one pipeline; what was taken away longest ago is forgotten beyond it.
    private static let limit = 1000

    static func keep(
        _ progress: PipelineProgress, destination: String, at now: Instant, _ transaction: Transaction
    ) throws {
        let pipeline = SQLValue.text(progress.key.pipelineID.hexDigits)
        let counts = progress.counts
        try transaction.execute(
            "DELETE FROM retired_statements WHERE pipeline_id = ? AND stream_id = ? AND destination = ?",
            [pipeline, .text(progress.key.streamID.hexDigits), .text(destination)])
        try transaction.execute(
            """
            INSERT INTO retired_statements (pipeline_id, stream_id, destination, sink_id, table_uuid, next_record,
                next_event, start_event, landed_event, passed, filtered, rejected, sink_rows, unknown_fields, run_id,
                retired_at, commits, retries, files, bytes_out, counted_since)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                pipeline, .text(progress.key.streamID.hexDigits), .text(destination),
                .text(progress.key.sinkID.hexDigits), SQLValue(progress.tableUUID),
                .integer(progress.next.record), .integer(Int64(progress.next.event)),
                .integer(progress.startEvent), .integer(progress.landedEvent), .integer(counts.passed),
                .integer(counts.filtered), .integer(counts.rejected), .integer(counts.sinkRows),
                .integer(counts.unknownFields), SQLValue(progress.run?.hexDigits),
                .integer(now.microseconds),
            ] + ProgressRows.work(progress.work) + [SQLValue(progress.work.since?.microseconds)])
        try transaction.execute(
            """
            DELETE FROM retired_statements WHERE pipeline_id = ? AND retired_at < (
                SELECT min(retired_at) FROM (
                    SELECT retired_at FROM retired_statements WHERE pipeline_id = ?
                    ORDER BY retired_at DESC LIMIT \(limit)) AS latest)
            """, [pipeline, pipeline])
    }

    static func find(
        pipeline: UniqueID, stream: UniqueID, destination: String, _ transaction: Transaction
    ) throws -> PipelineProgress? {
        try transaction.first(
            "SELECT * FROM retired_statements WHERE pipeline_id = ? AND stream_id = ? AND destination = ?",
            [.text(pipeline.hexDigits), .text(stream.hexDigits), .text(destination)]
        ).map { row in
            guard let event = Int(exactly: try row.integer("next_event")) else {
                throw PipelinesError(.corrupt, "a statement's offset does not decode")
            }
            let key = ProgressKey(
                pipelineID: pipeline, sinkID: try ProgressRows.identifier(row, "sink_id"), streamID: stream)
            var progress = PipelineProgress(
                key: key, next: LogOffset(record: try row.integer("next_record"), event: event),
                startEvent: try row.integer("start_event"))
            progress.landedEvent = try row.integer("landed_event")
            progress.tableUUID = try row.optionalText("table_uuid")
            progress.run = try row.optionalText("run_id").flatMap { UniqueID($0) }
            progress.counts = try ProgressRows.counts(row)
            progress.work = try ProgressRows.work(row)
            return progress
        }
    }

    /// After a reset nothing counts that was before it.
    static func forget(pipeline: UniqueID, _ transaction: Transaction) throws {
        try transaction.execute(
            "DELETE FROM retired_statements WHERE pipeline_id = ?", [.text(pipeline.hexDigits)])
    }
}
