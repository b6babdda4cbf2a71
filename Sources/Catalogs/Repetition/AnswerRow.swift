import JSONText
import Metastore

/// The answer to a request that may come again, kept beside the change it tells of. Times are microseconds.
struct AnswerRow: Sendable {
    let operation: String
    let hash: [UInt8]
    let answer: RecordedAnswer

    /// What the key was used for before, be it the same request or another one; nil when nothing is kept, or it is too
    /// old.
    static func find(
        _ request: RepeatableRequest, at now: Int64, _ transaction: Transaction
    ) throws -> AnswerRow? {
        let row = try transaction.first(
            """
            SELECT operation, request_hash, answer FROM idempotency_keys
            WHERE principal = ? AND idempotency_key = ? AND expires_at > ?
            ORDER BY CASE WHEN operation = ? THEN 0 ELSE 1 END
            """,
            [.text(request.principal), .text(request.key), .integer(now), .text(request.operation)])
        guard let row else { return nil }
        guard let answer = RecordedAnswer(json: try JSONParser.parse(Array(try row.text("answer").utf8)))
        else {
            throw CatalogError(.corrupt, "a kept answer is not one of this version's", ["key": request.key])
        }
        return AnswerRow(
            operation: try row.text("operation"), hash: try row.blob("request_hash"), answer: answer)
    }

    func isAnswer(to request: RepeatableRequest) -> Bool {
        operation.utf8.elementsEqual(request.operation.utf8) && hash == request.hash
    }

    static func insert(
        _ answer: RecordedAnswer, to request: RepeatableRequest, expiresAt: Int64, _ transaction: Transaction
    ) throws(MetastoreError) {
        // One that expired may still be there.
        try transaction.execute(
            """
            INSERT INTO idempotency_keys
                (principal, operation, idempotency_key, request_hash, answer, expires_at)
            VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (principal, operation, idempotency_key) DO UPDATE SET
                request_hash = excluded.request_hash, answer = excluded.answer,
                expires_at = excluded.expires_at
            """,
            [
                .text(request.principal), .text(request.operation), .text(request.key), .blob(request.hash),
                .text(answer.json.description), .integer(expiresAt),
            ])
    }

    /// Deletes at most `limit` that are too old and answers how many they were.
    static func deleteExpired(
        at now: Int64, limit: Int, _ transaction: Transaction
    ) throws(MetastoreError) -> Int {
        try transaction.execute(
            """
            DELETE FROM idempotency_keys WHERE (principal, operation, idempotency_key) IN (
                SELECT principal, operation, idempotency_key FROM idempotency_keys
                WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)
            """, [.integer(now), .integer(Int64(limit))])
    }
}
