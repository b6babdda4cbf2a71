/// What SQLite and PostgreSQL spell differently; statements elsewhere are written once, in the common part.
///
/// The common part: `?` for parameters, TEXT, BIGINT, DOUBLE PRECISION and BLOB as types, booleans as BIGINT 0 and 1,
/// `INTEGER PRIMARY KEY` for a number the database gives, `INSERT … ON CONFLICT … DO UPDATE`, `RETURNING`, LIMIT; names
/// in lower case; no functions but count, coalesce, max, min, sum and length. Text compares by its bytes. A parameter's
/// type is that of the column it meets, so it always meets one.
struct Dialect: Sendable {
    let name: String
    /// Run on each new connection, in this order.
    let connectionSettings: [String]
    let beginWrite: String
    let beginRead: String
    /// A transaction that changes rows by their keys only, whatever else goes on.
    let beginRenewal: String
    let commit = "COMMIT"
    let rollback = "ROLLBACK"
    let beginPart = "SAVEPOINT one_write"
    /// Also ends the part.
    let undoPart: String
    let endPart = "RELEASE SAVEPOINT one_write"
    /// One row when the table named by the parameter exists.
    let findTable: String
    /// Types that a definition of the schema spells the common way, as the database does; longer ones first.
    private let types: [(common: String, own: String)]

    /// A statement that makes or changes a table.
    func definition(_ statement: String) -> String {
        types.reduce(statement) { $0.replacing($1.common, with: $1.own) }
    }
}

extension Dialect {
    /// `synchronous=FULL` makes a commit durable when it returns: in WAL mode the default would lose the last commits
    /// at a power cut.
    static let sqlite = Dialect(
        name: "SQLite",
        connectionSettings: [
            "PRAGMA busy_timeout = 10000",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
            "PRAGMA trusted_schema = OFF",
            "PRAGMA cell_size_check = ON",
            "PRAGMA temp_store = MEMORY",
        ],
        beginWrite: "BEGIN IMMEDIATE", beginRead: "BEGIN", beginRenewal: "BEGIN IMMEDIATE",
        undoPart: "ROLLBACK TO one_write",
        findTable: "SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?", types: [])

    /// Moves everything into the main file and empties the log; answers one row whose `busy` is 0 when it could.
    static let emptySQLiteLog = "PRAGMA wal_checkpoint(TRUNCATE)"
    static let copySQLiteDatabase = "VACUUM INTO ?"

    /// Columns of text compare by bytes whatever the database's own collation is.
    ///
    /// Sequential scans are off because a serialisable transaction that reads a small table that way conflicts with
    /// everybody who writes to it; over an index it conflicts with who writes the same rows.
    static let postgres = Dialect(
        name: "PostgreSQL",
        connectionSettings: [
            "SET statement_timeout = '60s'",
            "SET lock_timeout = '10s'",
            "SET idle_in_transaction_session_timeout = '120s'",
            "SET standard_conforming_strings = on",
            "SET bytea_output = 'hex'",
            "SET extra_float_digits = 1",
            "SET enable_seqscan = off",
            // Off would lose the last commits at a crash of the database; what is stricter stays.
            """
            SELECT set_config('synchronous_commit', 'on', false)
            WHERE current_setting('synchronous_commit') = 'off'
            """,
        ],
        beginWrite: "BEGIN ISOLATION LEVEL SERIALIZABLE",
        beginRead: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        // Serialisable, two nodes that look for one that is away would undo each other.
        beginRenewal: "BEGIN ISOLATION LEVEL READ COMMITTED",
        undoPart: "ROLLBACK TO SAVEPOINT one_write; RELEASE SAVEPOINT one_write",
        findTable: """
            SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = ?
            """,
        types: [
            (" INTEGER PRIMARY KEY", " BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
            (" TEXT", " TEXT COLLATE \"C\""), (" BLOB", " BYTEA"),
        ])

    /// `?` as `$1`, `$2`, …; not in quotes.
    static func numbered(_ sql: String) -> String {
        guard sql.utf8.contains(UInt8(ascii: "?")) else { return sql }
        var result: [UInt8] = []
        var count = 0
        var isQuoted = false
        for byte in sql.utf8 {
            if byte == UInt8(ascii: "'") { isQuoted.toggle() }
            guard byte == UInt8(ascii: "?"), !isQuoted else {
                result.append(byte)
                continue
            }
            count += 1
            result.append(UInt8(ascii: "$"))
            result.append(contentsOf: String(count).utf8)
        }
        return String(decoding: result, as: UTF8.self)
    }
}
