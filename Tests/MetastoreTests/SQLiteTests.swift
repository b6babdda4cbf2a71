import Effects
import Foundation
import TestKit
import Testing

@testable import Metastore

/// What only a database in a file does.
@Suite("Metastore in a file")
struct SQLiteTests {
    private let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    private func open(_ versions: [[String]] = TestDatabase.numbers) async throws -> Metastore {
        try await Metastore.open(.directory(directory.path), versions: versions, clock: ManualClock())
    }

    @Test("a new version keeps the rows and leaves a copy of what was before")
    func migrates() async throws {
        let old = try await open()
        try await old.write { _ = try $0.execute("INSERT INTO numbers (name) VALUES ('kept')") }
        try await old.close()
        let store = try await open(TestDatabase.numbers + [["ALTER TABLE numbers ADD COLUMN extra TEXT"]])
        let row = try #require(try await store.read { try $0.first("SELECT name, extra FROM numbers") })
        #expect(try row.text("name") == "kept" && row.optionalText("extra") == nil)
        #expect(FileManager.default.fileExists(atPath: directory.path + "/metastore.db.v1"))
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
