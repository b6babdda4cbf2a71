import Effects

/// A connection to PostgreSQL that is made again when it broke: the writer's, a reader's, or the one that renews the lease.
///
/// **The writer** of a process holds an advisory lock of its own as long as its connection lives. Each of its
/// transactions also moves a number in `commit_marks`. When the connection breaks while a COMMIT is on its way, the next
/// connection first takes the lock, which it gets only when the old one and its transaction are over, and then reads the
/// number: the transaction happened exactly when its number is there.
///
///     BEGIN; mark = 7   …statements…   COMMIT ✕ broken        connect, lock, mark = 7? yes: happened   no: it never will
///
/// Whoever takes a node over deletes the mark of the process before: then that begins no transaction any more, and the
/// deletion waits for the one it has begun. A second lock is shared by all who write to the schema; who migrates it has
/// it alone. A third one is held by who opens the database, so that of several at once one looks whether to migrate.
///
// SAFETY: the Metastore hands a session to one thread at a time.
final class PostgresSession: DatabaseSession, @unchecked Sendable {
    private let address: PostgresAddress
    private let role: Role
    private let retry: Retry
    private var fence: Fence?
    private var connection: PostgresConnection?

    private static let dialect = Dialect.postgres

    enum Role {
        case writer(CommitMark), reader
        /// Neither marked nor fenced: what it changes is held against the epoch by its own statements.
        case renewer
    }

    init(_ address: PostgresAddress, retry: Retry, role: Role = .reader) {
        self.address = address
        self.retry = retry
        self.role = role
    }

    private var mark: CommitMark? {
        if case .writer(let mark) = role { mark } else { nil }
    }

    func execute(_ sql: String, _ parameters: [SQLValue]) throws(MetastoreError) -> Int {
        try live().query(sql, parameters).changedRows
    }

    func query(_ sql: String, _ parameters: [SQLValue]) throws(MetastoreError) -> [Row] {
        try live().query(sql, parameters).rows()
    }

    func begin() throws(MetastoreError) {
        let connection = try connected()
        let mark: CommitMark
        switch role {
        case .reader:
            try connection.run(Self.dialect.beginRead)
            return
        case .renewer:
            try connection.run(Self.dialect.beginRenewal)
            return
        case .writer(let own): mark = own
        }
        do {
            let tag = try connection.run(Self.dialect.beginWrite + "; " + mark.next())
            if tag != "UPDATE 1" { try lose() }
        } catch {
            if connection.isInTransaction { try connection.run(Self.dialect.rollback) }
            throw error
        }
    }

    /// - Errors: `MST-306`: the mark is gone.
    private func lose() throws(MetastoreError) {
        if let fence { return try fence.require(nil) }
        throw MetastoreError.takenOver()
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
                guard let row = try connected().query(mark.find, []).rows().first else {
                    // Taken away with the node: by now the transaction has ended, and nobody can say how.
                    throw MetastoreError(
                        .outcomeUnknown,
                        "another process took the node over while a transaction was committed",
                        cause: cause)
                }
                if try row.integer("number") == mark.last { return }
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

    func databaseTime() throws(MetastoreError) -> Instant {
        let row = try live().query(
            "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS now", []
        ).rows().first
        guard let row else { throw MetastoreError(.corrupt, "the database does not tell the time") }
        return Instant(microseconds: try row.integer("now"))
    }

    var isShared: Bool { true }
    var writerName: String { mark?.writer ?? "" }

    /// A stopped process' connection lives on, perhaps amidst a transaction: it is broken first. Deleting the mark waits
    /// until that transaction is over.
    func endWriter(_ name: String) throws(MetastoreError) {
        guard name != writerName, name.allSatisfy({ $0.isHexDigit }) else { return }
        let connection = try live()
        try connection.run(
            """
            SELECT pg_terminate_backend(pid) FROM pg_locks
            WHERE locktype = 'advisory' AND classid = \(Self.writerLockClass)
                AND objid = (\(Self.writerLock(name))::bigint & 4294967295)::oid
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """)
        try connection.run("DELETE FROM commit_marks WHERE writer = '\(name)'")
    }

    func setFence(_ fence: Fence) { self.fence = fence }

    /// Closing the connection gives the locks back. The row of marks stays for the next owner to delete.
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

    /// The locks are of the schema, so several Firns may share a database in schemas of their own.
    private static func own(_ connection: PostgresConnection, _ mark: CommitMark) throws(MetastoreError) {
        if !mark.isRegistered {
            let opening = "pg_try_advisory_lock(\(openingLockClass), hashtext(current_schema()))"
            guard try isTrue(opening, connection) else {
                throw MetastoreError(
                    .ownedByAnother, "another Firn opens this database, and may bring it up to date",
                    hint: "start this one again when that has ended", mayRetry: true)
            }
        }
        let schema = "pg_try_advisory_lock_shared(\(lockClass), hashtext(current_schema()))"
        guard try isTrue(schema, connection) else {
            throw MetastoreError(
                .ownedByAnother,
                "another Firn has this database to itself: an older version, or one that migrates",
                hint: "stop it first", mayRetry: true)
        }
        guard try isTrue("pg_try_advisory_lock(\(writerLockClass), \(writerLock(mark.writer)))", connection)
        else {
            throw MetastoreError(
                .unavailable, "the database has not noticed yet that a connection broke", mayRetry: true)
        }
        for statement in mark.prepare { try connection.run(statement) }
        mark.noteRegistered()
    }

    private static func isTrue(
        _ call: String, _ connection: PostgresConnection
    ) throws(MetastoreError) -> Bool {
        try connection.query("SELECT \(call) AS is_ours", []).rows().first?.boolean("is_ours") == true
    }

    /// "FIRN".
    private static let lockClass = 0x4649_524E
    private static let writerLockClass = lockClass + 1
    private static let openingLockClass = lockClass + 2
    private static func writerLock(_ writer: String) -> String {
        "hashtext(current_schema() || '/\(writer)')"
    }

    /// Nobody else writes to the schema until `endAlone`, or until the connection breaks.
    ///
    /// - Errors: `MST-305`, which may be tried again.
    func beginAlone() throws(MetastoreError) {
        let lock = "pg_try_advisory_lock(\(Self.lockClass), hashtext(current_schema()))"
        guard try Self.isTrue(lock, connected()) else {
            throw MetastoreError(
                .ownedByAnother,
                "another Firn writes to this database, whose schema has to be brought up to date",
                hint: "stop all its nodes, and start this one first", mayRetry: true)
        }
    }

    func endAlone() throws(MetastoreError) {
        try live().run("SELECT pg_advisory_unlock(\(Self.lockClass), hashtext(current_schema()))")
    }

    /// The writer's first connection has kept others from opening the database.
    func endOpening() throws(MetastoreError) {
        let lock = Self.openingLockClass
        try live().run("SELECT pg_advisory_unlock(\(lock), hashtext(current_schema()))")
    }
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
        // A new database is claimed by one at a time: it is about to be migrated.
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
