import Blobs
import Effects
import Metastore
import Streams

/// A file that a commit has promised: its bytes are durable and counted, and nobody sees it yet.
struct PromisedFile: Sendable, Hashable {
    let key: ProgressKey
    let sealed: SealedBlob
    /// What the commit was made of.
    let records: Range<Int64>
    /// Nobody can keep the promise any more; somebody has to hear of it.
    var isLost = false
}

/// Promised files as rows of the Metastore, written in the transaction that moves the progress.
enum PromisedFileRows {
    /// A row's id is the file's mark.
    static func insert(_ file: PromisedFile, at now: Instant, _ transaction: Transaction) throws {
        try transaction.execute(
            """
            INSERT INTO promised_files (id, pipeline_id, sink_id, stream_id, bucket, object_key, size, receipt,
                first_record, end_record, promised_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [.text(file.sealed.mark)] + file.key.values + [
                .text(file.sealed.path.bucket), .text(file.sealed.path.key), .integer(file.sealed.size),
                .text(file.sealed.receipt), .integer(file.records.lowerBound),
                .integer(file.records.upperBound), .integer(now.microseconds),
            ])
    }

    private static let isKey = "pipeline_id = ? AND sink_id = ? AND stream_id = ?"

    /// The oldest of one statement, those that are lost last.
    static func oldest(
        of key: ProgressKey, limit: Int, _ transaction: Transaction
    ) throws -> [PromisedFile] {
        try transaction.query(
            "SELECT * FROM promised_files WHERE \(isKey) ORDER BY is_lost, promised_at, id LIMIT \(limit)",
            key.values
        ).map(file)
    }

    /// By id; those behind `id`.
    static func page(after id: String, limit: Int, _ transaction: Transaction) throws -> [PromisedFile] {
        try transaction.query(
            "SELECT * FROM promised_files WHERE id > ? ORDER BY id LIMIT \(limit)", [.text(id)]
        ).map(file)
    }

    static func get(_ file: PromisedFile, _ transaction: Transaction) throws -> PromisedFile? {
        try transaction.first(
            "SELECT * FROM promised_files WHERE id = ?", [.text(file.sealed.mark)]
        ).map(self.file)
    }

    static func delete(_ files: [PromisedFile], _ transaction: Transaction) throws {
        for file in files {
            try transaction.execute(
                "DELETE FROM promised_files WHERE id = ?", [.text(file.sealed.mark)])
        }
    }

    static func setLost(_ file: PromisedFile, _ transaction: Transaction) throws {
        try transaction.execute(
            "UPDATE promised_files SET is_lost = 1 WHERE id = ?", [.text(file.sealed.mark)])
    }

    /// Somebody has heard of what is lost and goes on without it.
    static func forgetLost(pipeline id: UniqueID, _ transaction: Transaction) throws {
        try transaction.execute(
            "DELETE FROM promised_files WHERE pipeline_id = ? AND is_lost = 1", [.text(id.hexDigits)])
    }

    private static func file(_ row: Row) throws -> PromisedFile {
        let (first, end) = (try row.integer("first_record"), try row.integer("end_record"))
        guard first <= end else {
            throw PipelinesError(.corrupt, "a promised file's records do not decode")
        }
        return PromisedFile(
            key: ProgressKey(
                pipelineID: try ProgressRows.identifier(row, "pipeline_id"),
                sinkID: try ProgressRows.identifier(row, "sink_id"),
                streamID: try ProgressRows.identifier(row, "stream_id")),
            sealed: SealedBlob(
                path: BlobPath(bucket: try row.text("bucket"), key: try row.text("object_key")),
                size: try row.integer("size"), mark: try row.text("id"), receipt: try row.text("receipt")),
            records: first..<end, isLost: try row.integer("is_lost") != 0)
    }
}
