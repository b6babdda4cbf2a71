/// The nodes of a database, and whose each stream and pipeline is. Times are microseconds, by the database's clock.
///
/// A stream's log is on its node's disk, and its pipelines run where their streams are. No node where the column is empty: before
/// there were several.
enum NodeTables {
    static let leases: [String] = [
        """
        CREATE TABLE nodes (
            id TEXT PRIMARY KEY,
            epoch BIGINT NOT NULL,
            holder TEXT NOT NULL,
            place TEXT NOT NULL,
            renewals BIGINT NOT NULL,
            lease_microseconds BIGINT NOT NULL,
            expires_at BIGINT NOT NULL,
            address TEXT NOT NULL,
            store TEXT NOT NULL,
            is_main BIGINT NOT NULL,
            started_at BIGINT NOT NULL
        )
        """,
        "ALTER TABLE streams ADD COLUMN node_id TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE pipelines ADD COLUMN node_id TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE deleted_streams ADD COLUMN node_id TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX streams_by_node ON streams (node_id)",
        "CREATE INDEX pipelines_by_node ON pipelines (node_id)",
    ]
}
