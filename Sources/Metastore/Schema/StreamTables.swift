/// Streams and their settings; the events themselves are in the log, not here. Times are microseconds.
enum StreamTables {
    static let version1: [String] = [
        """
        CREATE TABLE streams (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            definition TEXT NOT NULL,
            version BIGINT NOT NULL,
            created_at BIGINT NOT NULL,
            modified_at BIGINT NOT NULL
        )
        """
    ]

    /// Streams whose rows are gone and whose directories may not be.
    static let deletedStreams: [String] = ["CREATE TABLE deleted_streams (id TEXT PRIMARY KEY)"]
}
