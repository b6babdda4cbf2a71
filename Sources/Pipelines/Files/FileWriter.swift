import Effects
import Metastore

/// Which of a sink's writers a statement is, and the number of its next file: what `serial` names are made of.
///
/// The number moves in the transaction that promises the files, so a commit that a crash undoes leaves no gap, and the
/// next one takes the same names.
struct FileWriter: Sendable, Equatable {
    let number: Int64
    var nextSerial: Int64

    /// Nil before the statement's first commit.
    static func get(_ key: ProgressKey, _ transaction: Transaction) throws -> FileWriter? {
        let row = try transaction.first(
            "SELECT number, next_serial FROM file_writers WHERE sink_id = ? AND pipeline_id = ? AND stream_id = ?",
            values(key))
        return try row.map {
            FileWriter(number: try $0.integer("number"), nextSerial: try $0.integer("next_serial"))
        }
    }

    /// Takes the sink's next number for a statement that has none.
    static func claim(_ key: ProgressKey, _ transaction: Transaction) throws -> FileWriter {
        if let known = try get(key, transaction) { return known }
        let row = try transaction.first(
            "SELECT COALESCE(max(number), -1) AS number FROM file_writers WHERE sink_id = ?",
            [.text(key.sinkID.hexDigits)])
        let writer = FileWriter(number: (try row?.integer("number") ?? -1) + 1, nextSerial: 0)
        try transaction.execute(
            """
            INSERT INTO file_writers (sink_id, pipeline_id, stream_id, number, next_serial)
            VALUES (?, ?, ?, ?, 0)
            """, values(key) + [.integer(writer.number)])
        return writer
    }

    func move(_ key: ProgressKey, _ transaction: Transaction) throws {
        try transaction.execute(
            "UPDATE file_writers SET next_serial = ? WHERE sink_id = ? AND pipeline_id = ? AND stream_id = ?",
            [.integer(nextSerial)] + Self.values(key))
    }

    static func forget(sink id: UniqueID, _ transaction: Transaction) throws {
        try transaction.execute("DELETE FROM file_writers WHERE sink_id = ?", [.text(id.hexDigits)])
    }

    private static func values(_ key: ProgressKey) -> [SQLValue] {
        [.text(key.sinkID.hexDigits), .text(key.pipelineID.hexDigits), .text(key.streamID.hexDigits)]
    }
}
