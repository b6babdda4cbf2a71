import Effects
import Faults
import Foundation
import Scheduling
import Telemetry
import TestKit
import Testing

@testable import Metastore

/// What the rooms above count on, on SQLite and on PostgreSQL.
@Suite("Metastore")
struct MetastoreContractTests {
    private let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    @Test("values come back as they were written, nulls too", arguments: DatabaseKind.allCases)
    func roundTrip(kind: DatabaseKind) async throws {
        let database = try TestDatabase(kind, directory)
        let store = try await database.open()
        let changed = try await store.write { transaction in
            try transaction.execute(
                "INSERT INTO numbers (name, value, half, raw) VALUES (?, ?, ?, ?), (?, ?, ?, ?)",
                ["aé", .integer(.min), 0.5, .blob([0, 255]), "", nil, nil, .blob([])])
        }
        #expect(changed == 2)
        let rows = try await store.read { try $0.query("SELECT * FROM numbers ORDER BY name") }
        #expect(try rows.map { try $0.text("name") } == ["", "aé"])
        #expect(try rows[1].integer("value") == .min && rows[1].real("half") == 0.5)
        #expect(try rows[1].blob("raw") == [0, 255] && rows[0].blob("raw") == [])
        #expect(try rows[0].optionalInteger("value") == nil && rows[0].optionalReal("half") == nil)
    }

    @Test("a row asked for the wrong type or name says so", arguments: DatabaseKind.allCases)
    func mismatch(kind: DatabaseKind) async throws {
        let database = try TestDatabase(kind, directory)
        let store = try await database.open()
        try await store.write { _ = try $0.execute("INSERT INTO numbers (name) VALUES ('a')") }
        let row = try #require(try await store.read { try $0.first("SELECT name, value FROM numbers") })
        for ask in [
            { _ = try row.integer("name") }, { _ = try row.integer("value") }, { _ = try row.text("other") },
        ] {
            let error = #expect(throws: MetastoreError.self) { try ask() }
            #expect(error?.code == .columnMismatch)
        }
    }

    @Test(
        "a closure that throws leaves nothing behind, also when it swallowed a statement's fault",
        arguments: DatabaseKind.allCases)
    func rollsBack(kind: DatabaseKind) async throws {
        let database = try TestDatabase(kind, directory)
        struct Refused: Error {}
        let store = try await database.open()
        await #expect(throws: Refused.self) {
            try await store.write { transaction in
                try transaction.execute("INSERT INTO numbers (name) VALUES ('a')")
                throw Refused()
            }
        }
        let swallowed = await #expect(throws: MetastoreError.self) {
            try await store.write { transaction in
                try transaction.execute("INSERT INTO numbers (name) VALUES ('b')")
                do { try transaction.execute("INSERT INTO numbers (name) VALUES ('b')") } catch {}
            }
        }
        #expect(swallowed?.code == .constraint)
        #expect(try await store.read { try $0.query("SELECT name FROM numbers") }.isEmpty)
    }

    @Test("a reader sees one moment while the writer goes on", arguments: DatabaseKind.allCases)
    func snapshotReads(kind: DatabaseKind) async throws {
        let database = try TestDatabase(kind, directory)
        let store = try await database.open()
        try await store.write { _ = try $0.execute("INSERT INTO numbers (name, value) VALUES ('n', 0)") }
        let writes = Task {
            for _ in 0..<50 {
                try await store.write { _ = try $0.execute("UPDATE numbers SET value = value + 1") }
            }
        }
        for _ in 0..<50 {
            let same = try await store.read { transaction in
                let first = try transaction.first("SELECT value FROM numbers")?.integer("value")
                let second = try transaction.first("SELECT value FROM numbers")?.integer("value")
                return first == second
            }
            #expect(same)
        }
        try await writes.value
        #expect(try await store.read { try $0.first("SELECT value FROM numbers")?.integer("value") } == 50)
    }

    @Test("writes of many tasks all land, and survive closing and opening", arguments: DatabaseKind.allCases)
    func manyWriters(kind: DatabaseKind) async throws {
        let database = try TestDatabase(kind, directory)
        var store = try await database.open()
        let writing = store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask {
                    _ = try await writing.write { transaction in
                        try transaction.execute("INSERT INTO numbers (name) VALUES (?)", [.text("\(number)")])
                    }
                }
            }
            try await group.waitForAll()
        }
        try await store.close()
        await #expect(throws: SchedulingError.self) { try await writing.read { _ in } }
        store = try await database.open()
        #expect(
            try await store.read { try $0.first("SELECT count(*) AS n FROM numbers")?.integer("n") } == 100)
    }

    @Test(
        "writes that wait together share a commit, and one that fails is undone alone",
        arguments: DatabaseKind.allCases)
    func sharesCommits(kind: DatabaseKind) async throws {
        let database = try TestDatabase(kind, directory)
        struct Refused: Error {}
        let metrics = MetricsRegistry()
        let store = try await database.open(metrics: metrics)
        let failures = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<300 {
                group.addTask {
                    do {
                        try await store.write { transaction in
                            try transaction.execute(
                                "INSERT INTO numbers (name) VALUES (?)", [.text("\(number)")])
                            if number % 3 == 1 { throw Refused() }
                            // Twice the same name: the statement fails and takes its whole write along.
                            if number % 3 == 2 {
                                try transaction.execute(
                                    "INSERT INTO numbers (name) VALUES (?)", [.text("\(number)")])
                            }
                        }
                        return false
                    } catch { return true }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(failures == 200)
        let names = try await store.read {
            try $0.query("SELECT name FROM numbers").map { try $0.text("name") }
        }
        #expect(Set(names) == Set((0..<100).map { "\($0 * 3)" }) && names.count == 100)
        let commits = metrics.counter("firn_metastore_commits_total", help: "").current
        #expect(commits < 100)
    }

    @Test(
        "when SQLite undoes a shared commit, the writes that were not to blame are made again",
        arguments: DatabaseKind.allCases)
    func undoneTogether(kind: DatabaseKind) async throws {
        let database = try TestDatabase(kind, directory)
        let store = try await database.open()
        try await store.write { _ = try $0.execute("INSERT INTO numbers (name) VALUES ('kept')") }
        let codes = try await withThrowingTaskGroup(of: MetastoreError.Code?.self) { group in
            for number in 0..<60 {
                group.addTask {
                    do throws(any Error) {
                        try await store.write { transaction in
                            // A rollback behind the back of the Metastore, as an error of the disk makes it.
                            if number == 30 { _ = try transaction.query("ROLLBACK") }
                            try transaction.execute(
                                "INSERT INTO numbers (name) VALUES (?)", [.text("\(number)")])
                        }
                        return nil
                    } catch { return (error as? MetastoreError)?.code }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.compactMap(\.self).count <= 1)
        let names = try await store.read {
            try $0.query("SELECT name FROM numbers").map { try $0.text("name") }
        }
        #expect(Set(names).isSuperset(of: (0..<60).filter { $0 != 30 }.map { "\($0)" } + ["kept"]))
    }

    @Test("a reader cannot write", arguments: DatabaseKind.allCases)
    func readersAreReadOnly(kind: DatabaseKind) async throws {
        let database = try TestDatabase(kind, directory)
        let store = try await database.open()
        await #expect(throws: MetastoreError.self) {
            try await store.read { _ = try $0.execute("INSERT INTO numbers (name) VALUES ('a')") }
        }
    }

    @Test(
        "wrong SQL and a wrong count of parameters are told with the statement",
        arguments: DatabaseKind.allCases)
    func wrongStatements(kind: DatabaseKind) async throws {
        let database = try TestDatabase(kind, directory)
        let store = try await database.open()
        for (sql, parameters) in [("SELEC 1", []), ("SELECT ?", []), ("SELECT 1", [SQLValue.null])] {
            let error = await #expect(throws: MetastoreError.self) {
                try await store.read { _ = try $0.query(sql, parameters) }
            }
            #expect(error?.code == .statementInvalid && error?.message.contains(sql) == true)
        }
    }

    @Test(
        "the whole schema of this version can be made, and is kept at the next start",
        arguments: DatabaseKind.allCases)
    func schemaIsValid(kind: DatabaseKind) async throws {
        let database = try TestDatabase(kind, directory)
        let first = try await Metastore.open(database.place)
        try await first.close()
        let second = try await Metastore.open(database.place)
        #expect(second.schemaVersion == SchemaVersions.all.count)
        if kind == .sqlite {
            let mode = try FileManager.default.attributesOfItem(atPath: directory.path + "/metastore.db")[
                .posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }

    @Test("a new version keeps the rows", arguments: DatabaseKind.allCases)
    func keepsRows(kind: DatabaseKind) async throws {
        let database = try TestDatabase(kind, directory)
        let old = try await database.open()
        try await old.write { _ = try $0.execute("INSERT INTO numbers (name) VALUES ('kept')") }
        try await old.close()
        let newer = TestDatabase.numbers + [["ALTER TABLE numbers ADD COLUMN extra TEXT"]]
        let store = try await database.open(newer)
        let row = try #require(try await store.read { try $0.first("SELECT name, extra FROM numbers") })
        #expect(try row.text("name") == "kept" && row.optionalText("extra") == nil)
    }

    @Test("text compares by its bytes", arguments: DatabaseKind.allCases)
    func comparesBytes(kind: DatabaseKind) async throws {
        let store = try await TestDatabase(kind, directory).open()
        let names = ["B", "a", "a b", "a-b", "a/", "a0", "ab", "Ä", "é", "z", "😀"]
        for name in names.reversed() {
            try await store.write {
                _ = try $0.execute("INSERT INTO numbers (name) VALUES (?)", [.text(name)])
            }
        }
        let found = try await store.read { transaction in
            (
                try transaction.query("SELECT name FROM numbers ORDER BY name").map { try $0.text("name") },
                try transaction.query(
                    "SELECT name FROM numbers WHERE name >= ? AND name < ? ORDER BY name", ["a/", "a0"]
                ).map { try $0.text("name") }
            )
        }
        #expect(found.0 == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        #expect(found.1 == ["a/"])
    }

    @Test("sums, counts and numbers the database gives read as integers", arguments: DatabaseKind.allCases)
    func aggregates(kind: DatabaseKind) async throws {
        let versions = [["CREATE TABLE log (number INTEGER PRIMARY KEY, size BIGINT NOT NULL)"]]
        let store = try await TestDatabase(kind, directory).open(versions)
        for size in 1...3 {
            try await store.write {
                _ = try $0.execute("INSERT INTO log (size) VALUES (?)", [.integer(Int64(size))])
            }
        }
        let row = try #require(
            try await store.read {
                try $0.first("SELECT count(*) AS n, sum(size) AS total, max(number) AS last FROM log")
            })
        #expect(try row.integer("n") == 3 && row.integer("total") == 6 && row.integer("last") == 3)
    }

    @Test("a migration that fails changes nothing", arguments: DatabaseKind.allCases)
    func failedMigration(kind: DatabaseKind) async throws {
        let database = try TestDatabase(kind, directory)
        let old = try await database.open()
        try await old.close()
        let broken = TestDatabase.numbers + [["ALTER TABLE numbers ADD COLUMN extra TEXT", "NONSENSE"]]
        await #expect(throws: MetastoreError.self) { _ = try await database.open(broken) }
        let store = try await database.open()
        #expect(store.schemaVersion == 1)
        #expect(try await store.read { try $0.query("SELECT * FROM numbers") }.isEmpty)
    }

    @Test("a database of a newer Firn is refused with both versions", arguments: DatabaseKind.allCases)
    func newerVersion(kind: DatabaseKind) async throws {
        let database = try TestDatabase(kind, directory)
        let newer = try await database.open(TestDatabase.numbers + [[], []])
        try await newer.close()
        let error = await #expect(throws: MetastoreError.self) { _ = try await database.open() }
        #expect(error?.code == .newerVersion)
        #expect(error?.message.contains("schema-version: 3, newest-known: 1") == true)
    }
}
