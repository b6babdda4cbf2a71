import Blobs
import Effects
import Iceberg
import Metastore
import TestKit
import Testing

@testable import Catalogs

@Suite("Commits")
struct CommitTests {
    private let fixture: CatalogFixture
    private var catalog: Catalog { fixture.catalog }
    init() async throws { fixture = try await CatalogFixture() }

    private struct Refused: Error {}

    @Test("an append becomes the current snapshot and keeps the way back")
    func appends() async throws {
        let table = try await fixture.create("a")
        let next = try await catalog.commit([fixture.append(to: table, snapshotID: 7)])[0]
        #expect(next.version == 2 && next.metadata.currentSnapshotID == 7)
        #expect(next.metadata.metadataLog.map(\.metadataFile) == [table.metadataLocation])
        #expect(next.metadataLocation.contains("/metadata/00001-"))
        #expect(try await fixture.load("a").metadata == next.metadata)
    }

    @Test("tables whose names differ in the spelling of a letter each get what was meant for them")
    func spellings() async throws {
        let names = ["\u{E9}", "e\u{301}"]
        let first = try await fixture.create(names[0])
        let second = try await fixture.create("plain")
        // Names were not held to one spelling before.
        try await fixture.metastore.write { transaction in
            _ = try transaction.execute(
                "UPDATE tables SET name = ? WHERE uuid = ?", [.text(names[1]), .text(second.uuid)])
        }
        let fixture = fixture
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, name) in names.enumerated() {
                group.addTask {
                    let table = try await fixture.load(name)
                    try await fixture.catalog.commit([
                        fixture.append(to: table, snapshotID: Int64(index + 1))
                    ])
                }
            }
            try await group.waitForAll()
        }
        let loaded = [try await fixture.load(names[0]), try await fixture.load(names[1])]
        #expect(loaded.map(\.uuid) == [first.uuid, second.uuid])
        #expect(loaded.map(\.metadata.currentSnapshotID) == [1, 2])
        // Side by side in one line they would be one group, with one table.
        #expect(
            CommitQueue.key(loaded[0].identifier, fixture.warehouse)
                != CommitQueue.key(loaded[1].identifier, fixture.warehouse))
        let both = loaded.enumerated().map { fixture.append(to: $1, snapshotID: Int64(10 + $0)) }
        #expect(try await catalog.commit(both).map(\.metadata.currentSnapshotID) == [10, 11])
    }

    @Test("a commit that creates a table is held to all it requires")
    func createRequirements() async throws {
        _ = try await fixture.create("a")
        let uuid = UniqueID(high: 1, low: 2).description
        func create(_ name: String, _ more: [TableRequirement]) async -> String? {
            await faultCode {
                try await catalog.commit([
                    TableCommit(
                        warehouse: fixture.warehouse, identifier: fixture.identifier(name),
                        requirements: [.create] + more,
                        updates: [
                            .assignUUID(uuid), .addSchema(CatalogFixture.schema, lastColumnID: nil),
                            .setCurrentSchema(-1),
                        ])
                ])
            }
        }
        let failing: [TableRequirement] = [
            .refSnapshotID(ref: "main", 7), .tableUUID(UniqueID(high: 3, low: 4).description),
            .currentSchemaID(0), .lastAssignedFieldID(0), .lastAssignedPartitionID(999), .defaultSpecID(0),
            .defaultSortOrderID(0),
        ]
        for requirement in failing { #expect(await create("b", [requirement]) == "CAT-301") }
        #expect(await faultCode { _ = try await fixture.load("b") } == "CAT-103")
        #expect(await create("b", [.tableUUID(uuid), .refSnapshotID(ref: "main", nil)]) == nil)
    }

    @Test("who looked at an older state is told to look again, and leaves no file")
    func conflicts() async throws {
        let table = try await fixture.create("a")
        try await catalog.commit([fixture.append(to: table, snapshotID: 1)])
        let before = try await fixture.keys()
        #expect(
            await faultCode { try await catalog.commit([fixture.append(to: table, snapshotID: 2)]) }
                == "CAT-301")
        #expect(try await fixture.keys() == before)
        #expect(try await fixture.load("a").metadata.currentSnapshotID == 1)
    }

    @Test(
        "of many who append to one table at once each lands or is told of the conflict", arguments: [1, 2, 3])
    func concurrentAppends(round: Int64) async throws {
        try await fixture.create("a")
        let fixture = fixture
        let landed = try await withThrowingTaskGroup(of: (Int64, Int).self) { group in
            for writer in 1...8 as ClosedRange<Int64> {
                group.addTask {
                    var conflicts = 0
                    while true {
                        let table = try await fixture.load("a")
                        let commit = fixture.append(to: table, snapshotID: round * 100 + writer)
                        let code = await faultCode { try await fixture.catalog.commit([commit]) }
                        if code == nil { return (round * 100 + writer, conflicts) }
                        #expect(code == "CAT-301")
                        conflicts += 1
                    }
                }
            }
            return try await group.reduce(into: [Int64]()) { $0.append($1.0) }
        }
        let table = try await fixture.load("a")
        #expect(Set(table.metadata.snapshots.map(\.snapshotID)) == Set(landed) && landed.count == 8)
        #expect(table.version == 9 && table.metadata.lastSequenceNumber == 8)
        for (parent, child) in zip(table.metadata.snapshots, table.metadata.snapshots.dropFirst()) {
            #expect(child.parentID == parent.snapshotID)
        }
    }

    @Test("changes that do not contradict each other all land, whatever their order, without a retry")
    func concurrentProperties() async throws {
        try await fixture.create("a")
        let catalog = catalog
        let fixture = fixture
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<30 {
                group.addTask {
                    let commit = TableCommit(
                        warehouse: fixture.warehouse, identifier: fixture.identifier("a"), requirements: [],
                        updates: [.setProperties(["p\(number)": "\(number)"])])
                    try await catalog.commit([commit])
                }
            }
            try await group.waitForAll()
        }
        let table = try await fixture.load("a")
        #expect(table.metadata.properties.count == 30 && table.version <= 31)
    }

    @Test("another process that moves the pointer meanwhile makes the commit start over")
    func otherProcess() async throws {
        try await fixture.create("a")
        // A second catalog over the same Metastore shares no queue with the first.
        let other = Catalog(
            metastore: fixture.metastore, store: fixture.memory, clock: fixture.clock,
            randomness: SeededRandomness(seed: 2))
        let fixture = fixture
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    let commit = TableCommit(
                        warehouse: fixture.warehouse, identifier: fixture.identifier("a"), requirements: [],
                        updates: [.setProperties(["p\(number)": ""])])
                    try await (number.isMultiple(of: 2) ? fixture.catalog : other).commit([commit])
                }
            }
            try await group.waitForAll()
        }
        let table = try await fixture.load("a")
        #expect(table.metadata.properties.count == 20)
        // One file for each version: whoever lost took its file away.
        #expect(try await fixture.keys().count == Int(table.version))
    }

    @Test("several tables change together or not at all")
    func manyTables() async throws {
        let first = try await fixture.create("a")
        let second = try await fixture.create("b")
        let stale = fixture.append(to: second, snapshotID: 1)
        try await catalog.commit([fixture.append(to: second, snapshotID: 2)])
        let before = try await fixture.keys()
        #expect(
            await faultCode { try await catalog.commit([fixture.append(to: first, snapshotID: 3), stale]) }
                == "CAT-301")
        #expect(try await fixture.load("a").version == 1)
        #expect(try await fixture.keys() == before)
        let current = try await fixture.load("b")
        let both = try await catalog.commit([
            fixture.append(to: first, snapshotID: 3), fixture.append(to: current, snapshotID: 4),
        ])
        #expect(both.map(\.version) == [2, 3])
        #expect(
            await faultCode {
                let commit = fixture.append(to: both[0], snapshotID: 5)
                try await catalog.commit([commit, commit])
            } == "CAT-207")
    }

    @Test("what runs alongside shares the commit's fate", arguments: [true, false])
    func alongside(fails: Bool) async throws {
        let table = try await fixture.create("a")
        let before = try await fixture.keys()
        let error = await faultCode {
            try await catalog.commit([fixture.append(to: table, snapshotID: 1)]) { transaction in
                try transaction.execute("UPDATE warehouses SET created_at = 42")
                if fails { throw Refused() }
            }
        }
        let created = try await catalog.warehouse(named: "lake").createdAt.microseconds
        let version = try await fixture.load("a").version
        if fails {
            #expect(error == "Refused()" && created != 42 && version == 1)
            #expect(try await fixture.keys() == before)
        } else {
            #expect(error == nil && created == 42 && version == 2)
        }
    }

    @Test("a commit without updates checks its requirements and runs what is alongside")
    func noUpdates() async throws {
        let table = try await fixture.create("a")
        let commit = TableCommit(
            warehouse: fixture.warehouse, identifier: table.identifier,
            requirements: [.tableUUID(table.uuid)],
            updates: [])
        let same = try await catalog.commit([commit]) {
            try $0.execute("UPDATE warehouses SET created_at = 42")
        }[0]
        #expect(same.version == 1 && same.metadataLocation == table.metadataLocation)
        #expect(try await catalog.warehouse(named: "lake").createdAt.microseconds == 42)
        #expect(try await catalog.commit([]).isEmpty)
    }

    @Test(
        "a store that fails at any step leaves the table as it was, and the next commit works",
        arguments: [false, true])
    func storeFails(afterEffect: Bool) async throws {
        let table = try await fixture.create("a")
        let before = try await fixture.keys()
        fixture.store.failNext(.put, afterEffect: afterEffect)
        #expect(
            await faultCode { try await catalog.commit([fixture.append(to: table, snapshotID: 1)]) }
                == "BLB-302")
        #expect(try await fixture.load("a").version == 1)
        #expect(try await fixture.keys() == before)
        fixture.store.failNext(.put, afterEffect: afterEffect)
        #expect(await faultCode { try await fixture.create("b") } == "BLB-302")
        #expect(
            try await catalog.listTables(in: fixture.web, of: fixture.warehouse).entries.map(\.name) == ["a"])
        #expect(try await fixture.keys() == before)
        #expect(try await catalog.commit([fixture.append(to: table, snapshotID: 1)])[0].version == 2)
    }

    @Test("a random store failure never loses or repeats a commit", arguments: 0..<20 as Range<UInt64>)
    func randomFailures(seed: UInt64) async throws {
        let flaky = FailingBlobStore(
            fixture.memory, seed: seed, perMille: 300, operations: [.put, .delete, .open])
        let catalog = Catalog(
            metastore: fixture.metastore, store: flaky, clock: fixture.clock,
            randomness: SeededRandomness(seed: seed))
        try await fixture.create("a")
        var landed: [Int64] = []
        for number in 1...20 as ClosedRange<Int64> {
            let commit = fixture.append(to: try await fixture.load("a"), snapshotID: number)
            if await faultCode({ try await catalog.commit([commit]) }) == nil { landed.append(number) }
        }
        #expect(try await fixture.load("a").metadata.snapshots.map(\.snapshotID) == landed)
    }

    @Test("metadata files beyond the log's length are deleted, unless the table keeps them")
    func trimsLog() async throws {
        for (name, keeps) in [("a", "true"), ("b", "False")] {
            try await fixture.create(
                name,
                properties: [
                    "write.metadata.previous-versions-max": "2",
                    "write.metadata.delete-after-commit.enabled": keeps,
                ])
            for number in 1...5 as ClosedRange<Int64> {
                try await catalog.commit([
                    fixture.append(to: try await fixture.load(name), snapshotID: number)
                ])
            }
        }
        #expect(try await fixture.keys().filter { $0.contains("/a-") }.count == 3)
        #expect(try await fixture.keys().filter { $0.contains("/b-") }.count == 6)
    }

    @Test("an update that contradicts the table is the writer's mistake, not a conflict")
    func invalidUpdate() async throws {
        let table = try await fixture.create("a")
        let commit = TableCommit(
            warehouse: fixture.warehouse, identifier: table.identifier, requirements: [],
            updates: [.setCurrentSchema(99)])
        #expect(await faultCode { try await catalog.commit([commit]) } == "ICE-201")
        #expect(try await fixture.load("a").version == 1)
    }
}
