import Effects

/// Where Firn's state is.
package enum MetastorePlace: Sendable {
    /// `metastore.db` in a data directory.
    case directory(String)
    /// A schema of a PostgreSQL database. `owner` tells whose it is, where rows speak of files elsewhere: the first to
    /// open it leaves its name, and nobody of another name opens it then.
    case postgres(PostgresAddress, owner: String? = nil)
}

/// A database whose schema is up to date, with a session for the writer and one for each reader.
///
/// - Threads: made on a thread that may block.
struct OpenDatabase {
    let writer: any DatabaseSession
    let readers: [any DatabaseSession]
    /// Renews the lease beside whatever the writer waits for; nil where there is nothing to renew.
    let renewer: (any DatabaseSession)?
    let retry: Retry
    let schemaVersion: Int

    /// Of sessions that are there.
    init(
        writer: any DatabaseSession, readers: [any DatabaseSession], retry: Retry, schemaVersion: Int
    ) {
        self.writer = writer
        self.readers = readers
        renewer = nil
        self.retry = retry
        self.schemaVersion = schemaVersion
    }

    init(_ place: MetastorePlace, migration: Migration, limits: Metastore.Limits) throws {
        let retry = Retry(limits: limits)
        self.retry = retry
        switch place {
        case .directory(let directory):
            let path = directory + "/metastore.db"
            let session = try SQLiteSession(path: path, isWriter: true)
            schemaVersion = try migration.run(on: session, .sqlite) { (version) throws(MetastoreError) in
                try session.copy(to: "\(path).v\(version)")
            }
            writer = session
            readers = try (0..<limits.readers).map { _ in try SQLiteSession(path: path, isWriter: false) }
            renewer = nil
        case .postgres(let address, let owner):
            let session = PostgresSession(
                address, retry: retry, role: .writer(CommitMark(randomness: LiveRandomness())))
            try Self.patiently(retry) { () throws(MetastoreError) in _ = try session.connected() }
            try session.requireSuitable()
            let isOld = try migration.isNeeded(on: session, .postgres)
            if isOld { try Self.patiently(retry) { () throws(MetastoreError) in try session.beginAlone() } }
            if let owner { try session.claim(for: owner) }
            schemaVersion = try migration.run(on: session, .postgres)
            if isOld { try session.endAlone() }
            try session.endOpening()
            writer = session
            readers = (0..<limits.readers).map { _ in PostgresSession(address, retry: retry) }
            renewer = PostgresSession(address, retry: Retry(limits: limits), role: .renewer)
        }
    }

    /// Waits a little: the database may be starting, or may not have noticed that the process before has died.
    private static func patiently(
        _ retry: Retry, _ attemptOnce: () throws(MetastoreError) -> Void
    ) throws(MetastoreError) {
        var attempt = 0
        while true {
            do {
                return try attemptOnce()
            } catch {
                attempt += 1
                guard retry.pauses(after: error, attempt: attempt) else { throw error }
            }
        }
    }
}
