import Effects
import Faults
import Foundation
import TestKit
import Testing

@testable import Metastore

/// Each test is a process of its own: it takes the disk away from everybody in it.
@Suite("Metastore on a failing disk")
struct DiskFaultTests {
    private static let table = [["CREATE TABLE rows (name TEXT PRIMARY KEY, raw BLOB)"]]

    @Test("a commit that fails is undone for certain when the log can be emptied, and the next one works")
    func failsForCertain() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let store = try await Metastore.open(
                .directory(directory.path), versions: Self.table, clock: ManualClock())
            try await store.write { _ = try $0.execute("INSERT INTO rows (name) VALUES ('kept')") }
            let logBytes = try fileSize(directory.path + "/metastore.db-wal")
            try FileSizeLimit.set(logBytes + 8192)
            let error = await #expect(throws: MetastoreError.self) {
                try await store.write { transaction in
                    try transaction.execute(
                        "INSERT INTO rows (name, raw) VALUES ('big', ?)",
                        [.blob(Array(repeating: 1, count: 1 << 16))])
                }
            }
            try #require(error?.code == .unavailable || error?.code == .noSpace)
            try FileSizeLimit.lift()
            try await store.write { _ = try $0.execute("INSERT INTO rows (name) VALUES ('next')") }
            let names = try await store.read {
                try $0.query("SELECT name FROM rows ORDER BY name").map { try $0.text("name") }
            }
            try #require(names == ["kept", "next"])
        }
    }

    @Test("when nobody knows whether a commit is on disk, no more are taken until the log can be emptied")
    func poisonsAndHeals() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            var store = try await Metastore.open(
                .directory(directory.path), versions: Self.table, clock: ManualClock())
            try await store.write { _ = try $0.execute("INSERT INTO rows (name) VALUES ('kept')") }
            try FileSizeLimit.set(0)
            let writing = store
            let first = await #expect(throws: MetastoreError.self) {
                try await writing.write { _ = try $0.execute("INSERT INTO rows (name) VALUES ('lost')") }
            }
            try #require(first?.code == .outcomeUnknown && first?.kind == .outcomeUnknown)
            let second = await #expect(throws: MetastoreError.self) {
                try await writing.write { _ = try $0.execute("INSERT INTO rows (name) VALUES ('early')") }
            }
            try #require(second?.code == .unavailable)
            try #require(try await store.read { try $0.query("SELECT name FROM rows").count } == 1)
            try FileSizeLimit.lift()
            try await store.write { _ = try $0.execute("INSERT INTO rows (name) VALUES ('late')") }
            for _ in 0..<2 {
                let names = try await store.read {
                    try $0.query("SELECT name FROM rows ORDER BY name").map { try $0.text("name") }
                }
                try #require(names == ["kept", "late"])
                store = try await Metastore.open(
                    .directory(directory.path), versions: Self.table, clock: ManualClock())
            }
        }
    }
}

func fileSize(_ path: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    return (attributes[.size] as? Int) ?? 0
}
