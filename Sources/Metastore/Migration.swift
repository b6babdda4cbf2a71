import Effects

/// Brings a database to the newest version of the schema, or refuses one from a newer Firn.
struct Migration {
    /// `versions[0]` leads from nothing to version 1.
    let versions: [[String]]
    let clock: any Clock

    /// One transaction for all of it: a crash leaves the version it found. A database that already has a version is
    /// copied to `copyPath(version)` first.
    func run(on connection: SQLiteConnection, copyPath: (_ version: Int) -> String) throws(MetastoreError)
        -> Int
    {
        let found = try currentVersion(of: connection)
        guard found <= versions.count else {
            throw MetastoreError(
                .newerVersion, "the data directory was written by a newer version of Firn",
                ["schema-version": found, "newest-known": versions.count],
                hint: "run the newer version, or restore a copy made before it")
        }
        guard found < versions.count else { return found }
        if found > 0 { _ = try connection.query(Dialect.copyDatabase, [.text(copyPath(found))]) }
        _ = try connection.execute(Dialect.beginWrite, [])
        do {
            if found == 0 {
                _ = try connection.execute(
                    "CREATE TABLE schema_versions (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)",
                    [])
            }
            for version in found..<versions.count {
                for statement in versions[version] { _ = try connection.execute(statement, []) }
                _ = try connection.execute(
                    "INSERT INTO schema_versions (version, applied_at) VALUES (?, ?)",
                    [.integer(Int64(version + 1)), .integer(clock.now.microseconds)])
            }
            _ = try connection.execute(Dialect.commit, [])
        } catch {
            if connection.isInTransaction { _ = try connection.execute(Dialect.rollback, []) }
            throw error
        }
        return versions.count
    }

    private func currentVersion(of connection: SQLiteConnection) throws(MetastoreError) -> Int {
        guard try !connection.query(Dialect.findTable, ["schema_versions"]).isEmpty else { return 0 }
        let rows = try connection.query("SELECT max(version) AS version FROM schema_versions", [])
        guard let version = try rows.first?.integer("version"), version > 0, version < 1 << 20 else {
            throw MetastoreError(.corrupt, "the table of schema versions is empty or nonsense")
        }
        return Int(version)
    }
}
