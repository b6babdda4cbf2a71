/// What SQLite and PostgreSQL spell differently; statements elsewhere are written once, in the common part.
///
/// The common part: `?` for parameters, TEXT, BIGINT, DOUBLE PRECISION and BLOB as types, booleans as BIGINT 0 and 1,
/// `INSERT … ON CONFLICT … DO UPDATE`, `RETURNING`, LIMIT; names in lower case; no functions but count, coalesce, max,
/// min, sum and length. Text compares by its bytes: SQLite's default, and what a PostgreSQL database with the
/// collation C does.
enum Dialect {
    /// Run on each new connection, in this order.
    ///
    /// `synchronous=FULL` makes a commit durable when it returns: in WAL mode the default would lose the last commits
    /// at a power cut.
    static let connectionSettings = [
        "PRAGMA busy_timeout = 10000",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
        "PRAGMA trusted_schema = OFF",
        "PRAGMA cell_size_check = ON",
        "PRAGMA temp_store = MEMORY",
    ]
    static let beginWrite = "BEGIN IMMEDIATE"
    static let beginRead = "BEGIN"
    static let commit = "COMMIT"
    static let rollback = "ROLLBACK"
    static let savepoint = "SAVEPOINT one_write"
    static let undoSavepoint = "ROLLBACK TO one_write"
    static let endSavepoint = "RELEASE one_write"
    /// Moves everything into the main file and empties the log; answers one row whose `busy` is 0 when it could.
    static let emptyLog = "PRAGMA wal_checkpoint(TRUNCATE)"
    /// One row when the table named by the parameter exists.
    static let findTable = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?"
    static let copyDatabase = "VACUUM INTO ?"
}
