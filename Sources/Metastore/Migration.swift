import Effects

/// Brings a database to the newest version of the schema, or refuses one from a newer Firn.
struct Migration: Sendable {
    /// `versions[0]` leads from nothing to version 1.
    let versions: [[String]]
    let clock: any Clock

    /// One transaction for all of it: a crash leaves the version it found. A database that already has a version is
    /// given to `copy` first, where there is one. Nobody else writes to the database meanwhile: the data directory is
    /// locked, and so is a schema of PostgreSQL that has to be migrated.
    func run(
        on session: any DatabaseSession, _ dialect: Dialect,
        copy: ((_ version: Int) throws(MetastoreError) -> Void)? = nil
    ) throws(MetastoreError) -> Int {
        let found = try currentVersion(of: session, dialect)
        guard found <= versions.count else {
            throw MetastoreError(
                .newerVersion, "the metastore was written by a newer version of Firn",
                ["schema-version": found, "newest-known": versions.count],
                hint: "run the newer version, or restore a copy made before it")
        }
        guard found < versions.count else { return found }
        if found > 0 { try copy?(found) }
        try session.begin()
        do {
            if found == 0 {
                _ = try session.execute(
                    "CREATE TABLE schema_versions (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)",
                    [])
            }
            for version in found..<versions.count {
                for statement in versions[version] {
                    _ = try session.execute(dialect.definition(statement), [])
                }
                _ = try session.execute(
                    "INSERT INTO schema_versions (version, applied_at) VALUES (?, ?)",
                    [.integer(Int64(version + 1)), .integer(clock.now.microseconds)])
            }
            try session.commit()
        } catch {
            if session.isInTransaction { try session.rollback() }
            throw error
        }
        return versions.count
    }

    func isNeeded(on session: any DatabaseSession, _ dialect: Dialect) throws(MetastoreError) -> Bool {
        try currentVersion(of: session, dialect) < versions.count
    }

    private func currentVersion(
        of session: any DatabaseSession, _ dialect: Dialect
    ) throws(MetastoreError) -> Int {
        guard try !session.query(dialect.findTable, ["schema_versions"]).isEmpty else { return 0 }
        let rows = try session.query("SELECT max(version) AS version FROM schema_versions", [])
        guard let version = try rows.first?.integer("version"), version > 0, version < 1 << 20 else {
            throw MetastoreError(.corrupt, "the table of schema versions is empty or nonsense")
        }
        return Int(version)
    }
}
