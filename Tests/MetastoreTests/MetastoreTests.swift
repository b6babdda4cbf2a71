import Effects
import Faults
import Foundation
import Scheduling
import Telemetry
import TestKit
import Testing

@testable import Metastore

@Suite("Metastore")
struct MetastoreTests {
    private let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    private static let numbers = [
        ["CREATE TABLE numbers (name TEXT PRIMARY KEY, value BIGINT, half DOUBLE PRECISION, raw BLOB)"]
    ]

    private func open(_ versions: [[String]] = Self.numbers) async throws -> Metastore {
        try await Metastore.open(directory: directory.path, versions: versions, clock: ManualClock())
    }

    @Test("values come back as they were written, nulls too")
    func roundTrip() async throws {
        let store = try await open()
        let changed = try await store.write { transaction in
            try transaction.execute(
                "INSERT INTO numbers (name, value, half, raw) VALUES (?, ?, ?, ?), (?, ?, ?, ?)",
                ["a\u{0}é", .integer(.min), 0.5, .blob([0, 255]), "", nil, nil, .blob([])])
        }
        #expect(changed == 2)
        let rows = try await store.read { try $0.query("SELECT * FROM numbers ORDER BY name") }
        #expect(try rows.map { try $0.text("name") } == ["", "a\u{0}é"])
        #expect(try rows[1].integer("value") == .min && rows[1].real("half") == 0.5)
        #expect(try rows[1].blob("raw") == [0, 255] && rows[0].blob("raw") == [])
        #expect(try rows[0].optionalInteger("value") == nil && rows[0].optionalReal("half") == nil)
    }

    @Test("a row asked for the wrong type or name says so")
    func mismatch() async throws {
        let store = try await open()
        try await store.write { _ = try $0.execute("INSERT INTO numbers (name) VALUES ('a')") }
        let row = try #require(try await store.read { try $0.first("SELECT name, value FROM numbers") })
        for ask in [
            { _ = try row.integer("name") }, { _ = try row.integer("value") }, { _ = try row.text("other") },
        ] {
            let error = #expect(throws: MetastoreError.self) { try ask() }
            #expect(error?.code == .columnMismatch)
        }
    }

    @Test("a closure that throws leaves nothing behind, also when it swallowed a statement's fault")
    func rollsBack() async throws {
        struct Refused: Error {}
        let store = try await open()
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

    @Test("a reader sees one moment while the writer goes on")
    func snapshotReads() async throws {
        let store = try await open()
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

    @Test("writes of many tasks all land, and survive closing and opening")
    func manyWriters() async throws {
        var store = try await open()
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
        store = try await open()
        #expect(
            try await store.read { try $0.first("SELECT count(*) AS n FROM numbers")?.integer("n") } == 100)
    }

    @Test("writes that wait together share a commit, and one that fails is undone alone")
    func sharesCommits() async throws {
        struct Refused: Error {}
        let metrics = MetricsRegistry()
        let store = try await Metastore.open(
            directory: directory.path, versions: Self.numbers, clock: ManualClock(), metrics: metrics)
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

    @Test("when SQLite undoes a shared commit, the writes that were not to blame are made again")
    func undoneTogether() async throws {
        let store = try await open()
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

    @Test("a reader cannot write")
    func readersAreReadOnly() async throws {
        let store = try await open()
        await #expect(throws: MetastoreError.self) {
            try await store.read { _ = try $0.execute("INSERT INTO numbers (name) VALUES ('a')") }
        }
    }

    @Test("wrong SQL and a wrong count of parameters are told with the statement")
    func wrongStatements() async throws {
        let store = try await open()
        for (sql, parameters) in [("SELEC 1", []), ("SELECT ?", []), ("SELECT 1", [SQLValue.null])] {
            let error = await #expect(throws: MetastoreError.self) {
                try await store.read { _ = try $0.query(sql, parameters) }
            }
            #expect(error?.code == .statementInvalid && error?.message.contains(sql) == true)
        }
    }

    @Test("the whole schema of this version can be made, and is kept at the next start")
    func schemaIsValid() async throws {
        let first = try await Metastore.open(directory: directory.path)
        try await first.close()
        let second = try await Metastore.open(directory: directory.path)
        #expect(second.schemaVersion == SchemaVersions.all.count)
        let mode = try FileManager.default.attributesOfItem(atPath: directory.path + "/metastore.db")[
            .posixPermissions]
        #expect(mode as? Int == 0o600)
    }

    @Test("a new version keeps the rows and leaves a copy of what was before")
    func migrates() async throws {
        let old = try await open()
        try await old.write { _ = try $0.execute("INSERT INTO numbers (name) VALUES ('kept')") }
        try await old.close()
        let store = try await open(Self.numbers + [["ALTER TABLE numbers ADD COLUMN extra TEXT"]])
        let row = try #require(try await store.read { try $0.first("SELECT name, extra FROM numbers") })
        #expect(try row.text("name") == "kept" && row.optionalText("extra") == nil)
        #expect(FileManager.default.fileExists(atPath: directory.path + "/metastore.db.v1"))
    }

    @Test("a migration that fails changes nothing")
    func failedMigration() async throws {
        let old = try await open()
        try await old.close()
        let broken = Self.numbers + [["ALTER TABLE numbers ADD COLUMN extra TEXT", "NONSENSE"]]
        await #expect(throws: MetastoreError.self) { _ = try await open(broken) }
        let store = try await open()
        #expect(store.schemaVersion == 1)
        #expect(try await store.read { try $0.query("SELECT * FROM numbers") }.isEmpty)
    }

    @Test("a database of a newer Firn is refused with both versions")
    func newerVersion() async throws {
        let newer = try await open(Self.numbers + [[], []])
        try await newer.close()
        let error = await #expect(throws: MetastoreError.self) { _ = try await open() }
        #expect(error?.code == .newerVersion)
        #expect(error?.message.contains("schema-version: 3, newest-known: 1") == true)
    }

    @Test("a file that is no database is refused as corrupt", arguments: [100, 5000])
    func notADatabase(size: Int) async throws {
        let bytes = Data(repeating: 0x46, count: size)
        try bytes.write(to: URL(fileURLWithPath: directory.path + "/metastore.db"))
        let error = await #expect(throws: MetastoreError.self) { _ = try await open() }
        #expect(error?.code == .corrupt)
    }

    @Test("a full disk refuses the write, keeps what was there, and the next write works")
    func diskFull() async throws {
        let store = try await open()
        try await store.write { _ = try $0.execute("INSERT INTO numbers (name) VALUES ('kept')") }
        let error = await #expect(throws: MetastoreError.self) {
            try await store.write { transaction in
                _ = try transaction.query("PRAGMA max_page_count = 1")
                try transaction.execute(
                    "INSERT INTO numbers (name, raw) VALUES ('big', ?)",
                    [.blob(Array(repeating: 1, count: 1 << 20))])
            }
        }
        #expect(error?.code == .noSpace)
        try await store.write { transaction in
            _ = try transaction.query("PRAGMA max_page_count = 1000000")
            try transaction.execute("INSERT INTO numbers (name) VALUES ('next')")
        }
        #expect(try await store.read { try $0.query("SELECT name FROM numbers") }.count == 2)
    }
}
