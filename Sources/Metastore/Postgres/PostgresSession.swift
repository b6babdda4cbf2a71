import Effects

/// A connection to PostgreSQL that is made again when it broke: the writer's or a reader's.
///
/// **The writer** holds an advisory lock as long as its connection lives, so one process writes at a time; whoever
/// comes second is refused. Each of its transactions also moves a number in `commit_marks`. When the connection breaks
/// while a COMMIT is on its way, the next connection first takes the lock, which it gets only when the old one and its
/// transaction are over, and then reads the number: the transaction happened exactly when its number is there.
///
///     BEGIN; mark = 7   …statements…   COMMIT ✕ broken        connect, lock, mark = 7? yes: happened   no: it never will
///
// SAFETY: the Metastore hands a session to one thread at a time.
final class PostgresSession: DatabaseSession, @unchecked Sendable {
    private let address: PostgresAddress
    /// Nil for a reader.
    private let mark: CommitMark?
    private let retry: Retry
    private var connection: PostgresConnection?

    private static let dialect = Dialect.postgres

    init(_ address: PostgresAddress, retry: Retry, mark: CommitMark? = nil) {
        self.address = address
        self.retry = retry
        self.mark = mark
    }

    func execute(_ sql: String, _ parameters: [SQLValue]) throws(MetastoreError) -> Int {
        try live().query(sql, parameters).changedRows
    }

    func query(_ sql: String, _ parameters: [SQLValue]) throws(MetastoreError) -> [Row] {
        try live().query(sql, parameters).rows()
    }

    func begin() throws(MetastoreError) {
        let connection = try connected()
        guard let mark else {
            try connection.run(Self.dialect.beginRead)
            return
        }
        do {
            try connection.run(Self.dialect.beginWrite + "; " + mark.next())
        } catch {
            if connection.isInTransaction { try connection.run(Self.dialect.rollback) }
            throw error
        }
    }

    func commit() throws(MetastoreError) {
        let connection = try live()
        let tag: String
        do {
            tag = try connection.run(Self.dialect.commit)
        } catch {
            // An answer over a connection that lives is certain.
            guard let mark, !connection.isConnected || error.code == .unavailable else { throw error }
            return try resolve(mark, after: error)
        }
        // A transaction in which a statement failed answers a COMMIT with success and ROLLBACK.
        if tag != Self.dialect.commit {
            throw MetastoreError(.unavailable, "the database undid a transaction at its end", ["tag": tag])
        }
    }

    /// Returns when the interrupted transaction happened.
    ///
    /// - Errors: one that may be retried when it did not and never will, `MST-303` when that cannot be found out in time.
    private func resolve(_ mark: CommitMark, after cause: MetastoreError) throws(MetastoreError) {
        connection = nil
        var attempt = 0
        while true {
            do throws(MetastoreError) {
                let found = try connected().query(mark.find, []).rows().first?.integer("number")
                if found == mark.last { return }
                throw MetastoreError(
                    .unavailable, "the connection broke before a transaction was committed", mayRetry: true,
                    cause: cause)
            } catch {
                if connection?.isConnected == true { throw error }
                attempt += 1
                guard retry.pauses(after: error, attempt: attempt) else {
                    throw MetastoreError(
                        .outcomeUnknown, "the connection broke while a transaction was being committed",
                        hint: "look whether the change is there before trying again", cause: error)
                }
            }
        }
    }

    func rollback() throws(MetastoreError) { try live().run(Self.dialect.rollback) }
    var isInTransaction: Bool { connection?.isInTransaction ?? false }

    func beginPart() throws(MetastoreError) { try live().run(Self.dialect.beginPart) }
    func undoPart() throws(MetastoreError) { try live().run(Self.dialect.undoPart) }
    func endPart() throws(MetastoreError) { try live().run(Self.dialect.endPart) }

    /// Closing the connection gives the lock back. The row of marks stays for the next owner to delete.
    func close() { connection = nil }

    /// The connection a transaction began on; another one knows nothing of it.
    private func live() throws(MetastoreError) -> PostgresConnection {
        guard let connection else {
            throw MetastoreError(.unavailable, "there is no connection to the database", mayRetry: true)
        }
        return connection
    }

    /// Makes a connection if there is none that works.
    func connected() throws(MetastoreError) -> PostgresConnection {
        if let connection, connection.isConnected { return connection }
        connection = nil
        do {
            let made = try PostgresConnection(url: address.url)
            for setting in Self.dialect.connectionSettings { try made.run(setting) }
            if let mark { try Self.own(made, mark) }
            connection = made
            retry.outageEnded()
            return made
        } catch {
            retry.outageBegan()
            throw error
        }
    }

    /// The lock is of the schema, so several Firns may share a database in schemas of their own.
    private static func own(_ connection: PostgresConnection, _ mark: CommitMark) throws(MetastoreError) {
        let lock = "SELECT pg_try_advisory_lock(\(lockClass), hashtext(current_schema())) AS is_ours"
        guard try connection.query(lock, []).rows().first?.boolean("is_ours") == true else {
            throw MetastoreError(
                .ownedByAnother, "another Firn writes to this database",
                hint: "stop it first; a database, or a schema of it, belongs to one node", mayRetry: true)
        }
        for statement in mark.prepare { try connection.run(statement) }
    }

    /// "FIRN".
    private static let lockClass = 0x4649_524E
}

extension PostgresSession {
    /// What Firn counts on that a database may not give.
    ///
    /// - Errors: `MST-106`.
    func requireSuitable() throws(MetastoreError) {
        let found = try connected().query(
            """
            SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding,
                pg_is_in_recovery() AS is_standby
            """, []
        ).rows().first
        guard let found else { throw MetastoreError(.corrupt, "the database answered nothing") }
        let version = Int(try found.text("version")) ?? 0
        guard version >= Self.oldestVersion else {
            throw MetastoreError(
                .unsuitable, "the PostgreSQL server is too old",
                ["version": version, "oldest": Self.oldestVersion])
        }
        guard try found.text("encoding") == "UTF8" else {
            throw MetastoreError(
                .unsuitable, "the database keeps its texts in another encoding than UTF-8",
                ["encoding": try found.text("encoding")],
                hint: "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0")
        }
        if try found.boolean("is_standby") {
            throw MetastoreError(
                .unsuitable, "the PostgreSQL server is a standby and takes no changes",
                hint: "name the primary, or add target_session_attrs=read-write to the address")
        }
    }

    /// - Errors: `MST-305` when the rows are another's.
    func claim(for owner: String) throws(MetastoreError) {
        let connection = try connected()
        try connection.run("CREATE TABLE IF NOT EXISTS metastore_owner (name TEXT PRIMARY KEY)")
        // Nobody else is here: the lock is held.
        _ = try connection.query(
            "INSERT INTO metastore_owner SELECT ?::text WHERE NOT EXISTS (SELECT 1 FROM metastore_owner)",
            [.text(owner)])
        let found = try connection.query("SELECT name FROM metastore_owner", []).rows().first?.text("name")
        guard found == owner else {
            throw MetastoreError(
                .ownedByAnother, "the database holds the state of another data directory",
                hint: "name that directory, or another database or schema")
        }
    }

    /// Older ones get no fixes any more.
    private static let oldestVersion = 120_000
}
