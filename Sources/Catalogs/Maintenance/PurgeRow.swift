import Metastore

/// A dropped table whose files are to go: the row owns the location until they are gone.
struct PurgeRow: Sendable {
    /// As the table's row had it, with a slash at the end.
    let location: String
    let tableUUID: String

    func insert(at microseconds: Int64, _ transaction: Transaction) throws(MetastoreError) {
        try transaction.execute(
            "INSERT INTO purges (location, table_uuid, requested_at) VALUES (?, ?, ?)",
            [.text(location), .text(tableUUID), .integer(microseconds)])
    }

    static func exists(_ location: String, _ transaction: Transaction) throws(MetastoreError) -> Bool {
        try transaction.first("SELECT location FROM purges WHERE location = ?", [.text(location)]) != nil
    }

    /// The oldest ones.
    static func locations(limit: Int, _ transaction: Transaction) throws(MetastoreError) -> [String] {
        var locations: [String] = []
        for row in try transaction.query(
            "SELECT location FROM purges ORDER BY requested_at, location LIMIT ?", [.integer(Int64(limit))])
        {
            locations.append(try row.text("location"))
        }
        return locations
    }

    static func delete(_ location: String, _ transaction: Transaction) throws(MetastoreError) {
        try transaction.execute("DELETE FROM purges WHERE location = ?", [.text(location)])
    }
}
