/// Tokens and the audit log. Times are microseconds.
///
/// A bearer's value is kept only as a keyed hash, its S3 secret only sealed; both under the node's key file.
enum IdentityTables {
    static let version1: [String] = [
        """
        CREATE TABLE tokens (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            bearer_hash BLOB NOT NULL UNIQUE,
            sealed_secret BLOB NOT NULL,
            scopes TEXT NOT NULL,
            created_at BIGINT NOT NULL,
            expires_at BIGINT
        )
        """,
        """
        CREATE TABLE audit (
            number INTEGER PRIMARY KEY,
            at BIGINT NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            subject TEXT NOT NULL
        )
        """,
    ]

    /// One that a setting of the server made goes when the setting names another.
    static let settingTokens = [
        "ALTER TABLE tokens ADD COLUMN is_from_setting BIGINT NOT NULL DEFAULT 0"
    ]
}
