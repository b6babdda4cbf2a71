import Effects
import Metastore

/// Record trials as rows of the Metastore, and how often the node started without having been stopped.
enum TrialRows {
    /// Starts further apart are no crash loop.
    private static let loopMicroseconds: Int64 = 600_000_000
    /// So many starts in a row are taken for chance.
    private static let carelessStarts = 2

    /// The node starts. What was being tried when it last ended is suspect from now on.
    ///
    /// - Returns: whether it died repeatedly within minutes, so that records should be tried.
    static func noteStart(at now: Instant, node: String = "", _ transaction: Transaction) throws -> Bool {
        let row = SQLValue.integer(rowNumber(of: node))
        let last = try transaction.first(
            "SELECT unclean_starts, started_at FROM node_starts WHERE id = ?", [row])
        var starts: Int64 = 1
        if let last, now.microseconds - (try last.integer("started_at")) <= loopMicroseconds {
            starts = try last.integer("unclean_starts") + 1
        }
        try transaction.execute("DELETE FROM node_starts WHERE id = ?", [row])
        try transaction.execute(
            "INSERT INTO node_starts (id, unclean_starts, started_at) VALUES (?, ?, ?)",
            [row, .integer(starts), .integer(now.microseconds)])
        try transaction.execute(
            "UPDATE pipeline_trials SET deaths = deaths + 1, is_open = 0 WHERE is_open = 1 AND \(isOfNode)",
            [.text(node)])
        return starts > carelessStarts
    }

    /// The node stops as it should.
    static func noteStop(node: String = "", _ transaction: Transaction) throws {
        try transaction.execute(
            "UPDATE node_starts SET unclean_starts = 0 WHERE id = ?", [.integer(rowNumber(of: node))])
        try transaction.execute(
            "UPDATE pipeline_trials SET is_open = 0 WHERE \(isOfNode)", [.text(node)])
    }

    private static let isOfNode = "pipeline_id IN (SELECT id FROM pipelines WHERE node_id = ?)"

    /// The table numbers its rows; 1 is of the time before there were several nodes.
    private static func rowNumber(of node: String) -> Int64 {
        UniqueID(node).map { Int64(bitPattern: $0.low) } ?? 1
    }

    static func suspects(_ key: ProgressKey, _ transaction: Transaction) throws -> RecordTrial.Suspects? {
        let row = try transaction.first(
            "SELECT * FROM pipeline_trials WHERE deaths > 0 AND \(isKey)", key.values)
        guard let row else { return nil }
        let (first, end) = (try row.integer("first_record"), try row.integer("end_record"))
        guard first < end else { throw PipelinesError(.corrupt, "a record trial does not decode") }
        return RecordTrial.Suspects(records: first..<end, deaths: Int(try row.integer("deaths")))
    }

    private static let isKey = "pipeline_id = ? AND sink_id = ? AND stream_id = ?"

    /// Durable before the records are worked on. Records the process died in before keep their count.
    static func open(_ records: Range<Int64>, of key: ProgressKey, _ transaction: Transaction) throws {
        let old = try suspects(key, transaction)
        let deaths = old.map { $0.records == records ? $0.deaths : 0 } ?? 0
        try delete(key, transaction)
        try transaction.execute(
            """
            INSERT INTO pipeline_trials (pipeline_id, sink_id, stream_id, first_record, end_record, deaths, is_open)
            VALUES (?, ?, ?, ?, ?, ?, 1)
            """,
            key.values + [
                .integer(records.lowerBound), .integer(records.upperBound), .integer(Int64(deaths)),
            ])
    }

    /// The step failed by a fault, not by the end of the process.
    static func close(_ key: ProgressKey, _ transaction: Transaction) throws {
        try transaction.execute("UPDATE pipeline_trials SET is_open = 0 WHERE \(isKey)", key.values)
    }

    static func delete(_ key: ProgressKey, _ transaction: Transaction) throws {
        try transaction.execute("DELETE FROM pipeline_trials WHERE \(isKey)", key.values)
    }

    /// Whoever changes a pipeline, or runs it again, wants its records tried anew.
    static func delete(pipeline id: UniqueID, _ transaction: Transaction) throws {
        try transaction.execute("DELETE FROM pipeline_trials WHERE pipeline_id = ?", [.text(id.hexDigits)])
    }
}
