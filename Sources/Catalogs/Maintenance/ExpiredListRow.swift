import Metastore

/// The manifest list of a snapshot that a commit expired, to be deleted when nobody reads it any more.
struct ExpiredListRow: Sendable {
    let path: String
    let tableID: String

    init(_ row: Row) throws(MetastoreError) {
        path = try row.text("path")
        tableID = try row.text("table_id")
    }

    static func insert(
        _ paths: [String], of table: TableRow, at microseconds: Int64, _ transaction: Transaction
    ) throws(MetastoreError) {
        for path in paths {
            // A path can come back when a snapshot with it was added again and expired again.
            try transaction.execute(
                """
                INSERT INTO expired_lists (path, table_id, expired_at) VALUES (?, ?, ?)
                ON CONFLICT (path) DO UPDATE SET table_id = excluded.table_id, expired_at = excluded.expired_at
                """, [.text(path), .text(table.id), .integer(microseconds)])
        }
    }

    /// The tables that have lists which expired before `microseconds`.
    static func tables(before microseconds: Int64, _ transaction: Transaction) throws(MetastoreError)
        -> [String]
    {
        var ids: [String] = []
        for row in try transaction.query(
            "SELECT DISTINCT table_id FROM expired_lists WHERE expired_at < ? ORDER BY table_id",
            [.integer(microseconds)])
        {
            ids.append(try row.text("table_id"))
        }
        return ids
    }

    /// The oldest ones of one table.
    static func find(
        _ tableID: String, before microseconds: Int64, limit: Int, _ transaction: Transaction
    ) throws(MetastoreError) -> [ExpiredListRow] {
        var rows: [ExpiredListRow] = []
        for row in try transaction.query(
            """
            SELECT path, table_id FROM expired_lists WHERE table_id = ? AND expired_at < ?
            ORDER BY expired_at, path LIMIT ?
            """, [.text(tableID), .integer(microseconds), .integer(Int64(limit))])
        {
            rows.append(try ExpiredListRow(row))
        }
        return rows
    }

    static func delete(_ rows: [ExpiredListRow], _ transaction: Transaction) throws(MetastoreError) {
        for row in rows {
            try transaction.execute("DELETE FROM expired_lists WHERE path = ?", [.text(row.path)])
        }
    }
}
