import Blobs
import Effects
import Iceberg
import Tables
import TestKit
import Testing

@testable import Catalogs

@Suite("Partition specs that are taken away")
struct UsedSpecsTests {
    private let fixture: CatalogFixture
    private let randomness = SeededRandomness(seed: 7)
    private let caches = TableCaches()
    private var catalog: Catalog { fixture.catalog }

    /// Three snapshots: the first two of spec 0, the last without files; spec 1 is the default.
    init() async throws {
        var limits = CatalogLimits()
        limits.snapshotsToCompare = 5
        fixture = try await CatalogFixture(limits: limits)
        try await fixture.create("a")
        for number in 0..<2 { try await append(number) }
        try await commit([
            .addSpec(
                PartitionSpec(fields: [PartitionField(sourceID: 1, name: "p", transform: .bucket(4))])),
            .setDefaultSpec(-1),
        ])
    }

    private func commit(_ updates: [TableUpdate], _ requirements: [TableRequirement] = []) async throws {
        try await catalog.commit([
            TableCommit(
                warehouse: fixture.warehouse, identifier: fixture.identifier("a"), requirements: requirements,
                updates: updates)
        ])
    }

    private func append(_ number: Int) async throws {
        let made = try await produce(number, onto: try await fixture.load("a"))
        try await commit(made.updates, made.requirements)
    }

    private func produce(_ number: Int, onto table: LoadedTable) async throws -> ProducedSnapshot {
        fixture.clock.advance(microseconds: 1_000_000)
        let file = DataFile(
            path: "\(table.metadata.location)/data/\(number).parquet", specID: 0, partition: [],
            recordCount: 1, fileSize: 10)
        let producer = SnapshotProducer(
            store: fixture.memory, caches: caches, clock: fixture.clock, randomness: randomness)
        return try await producer.append([file], to: table.metadata)
    }

    @Test("one that manifests of a snapshot are written with stays")
    func used() async throws {
        #expect(await faultCode { try await commit([.removePartitionSpecs([0])]) } == "CAT-207")
        let metadata = try await fixture.load("a").metadata
        #expect(metadata.specs.map(\.specID) == [0, 1])
        var paths: [String] = []
        for try await task in try TableReader(metadata: metadata, store: fixture.memory, caches: caches)
            .plan(snapshotID: nil)
        {
            paths.append(task.file.path)
        }
        #expect(paths.count == 2)
    }

    @Test("one that only snapshots had which go in the same commit goes with them")
    func unused() async throws {
        let ids = try await fixture.load("a").metadata.snapshots.map(\.snapshotID)
        try await commit([.removeSnapshotRef("main"), .removeSnapshots([ids[0]])])
        #expect(await faultCode { try await commit([.removePartitionSpecs([0])]) } == "CAT-207")
        try await commit([.removeSnapshots([ids[1]]), .removePartitionSpecs([0])])
        #expect(try await fixture.load("a").metadata.specs.map(\.specID) == [1])
    }

    @Test("where it cannot be told whether one is used, it stays")
    func unknown() async throws {
        let table = try await fixture.load("a")
        try await catalog.commit([fixture.append(to: table, snapshotID: 99)])
        #expect(await faultCode { try await commit([.removePartitionSpecs([0])]) } == "CAT-207")
        for id in 100..<104 as Range<Int64> {
            try await catalog.commit([fixture.append(to: try await fixture.load("a"), snapshotID: id)])
        }
        #expect(await faultCode { try await commit([.removePartitionSpecs([0])]) } == "CAT-207")
        #expect(try await fixture.load("a").metadata.specs.count == 2)
    }

    @Test("a snapshot written with one that went meanwhile is a conflict")
    func appendedAfterwards() async throws {
        let stale = try await fixture.load("a")
        let ids = stale.metadata.snapshots.map(\.snapshotID)
        let late = try await produce(9, onto: stale)
        try await commit([.removeSnapshotRef("main"), .removeSnapshots(ids), .removePartitionSpecs([0])])
        let current = try await fixture.load("a")
        var add = TableCommit(
            warehouse: fixture.warehouse, identifier: fixture.identifier("a"), requirements: [],
            updates: late.updates)
        add.checksManifestLists = true
        #expect(await faultCode { try await catalog.commit([add]) } == "CAT-301")
        // As Firn's own writers send it.
        #expect(await faultCode { try await catalog.commit([TableCommit(late, to: stale)]) } == "CAT-301")
        #expect(try await fixture.load("a").metadata == current.metadata)
    }

    @Test("a manifest list that is none is refused")
    func unreadableList() async throws {
        let table = try await fixture.load("a")
        var add = fixture.append(to: table, snapshotID: 99)
        add.checksManifestLists = true
        #expect(await faultCode { try await catalog.commit([add]) } == "CAT-207")
        let location = try TableLocation(table.metadata.location)
        _ = try await fixture.memory.put(
            location.blob(location.uri + "/metadata/snap-99.avro"), Array("no Avro".utf8), if: .always)
        #expect(await faultCode { try await catalog.commit([add]) } == "CAT-207")
        #expect(try await fixture.load("a").metadata == table.metadata)
    }

    @Test("a client's snapshot is at most a day ahead; the server's clock may go back under its own writers")
    func future() async throws {
        let table = try await fixture.load("a")
        func commit(at time: Int64, isForeign: Bool) async -> String? {
            await faultCode {
                var add = fixture.append(to: try await fixture.load("a"), snapshotID: time)
                guard case .addSnapshot(var snapshot) = add.updates[0] else { return }
                snapshot.timestampMilliseconds = time
                add.updates[0] = .addSnapshot(snapshot)
                add.isForeign = isForeign
                try await catalog.commit([add])
            }
        }
        let day = fixture.clock.now.milliseconds + 86_400_000
        #expect(await commit(at: day + 1, isForeign: true) == "CAT-207")
        #expect(await commit(at: .max, isForeign: true) == "CAT-207")
        #expect(try await fixture.load("a").metadata == table.metadata)
        #expect(await commit(at: day, isForeign: true) == nil)
        fixture.clock.advance(microseconds: -3_600_000_000)
        #expect(await commit(at: day + 7_200_000, isForeign: false) == nil)
        // What is no later than the table is no fault of the writer.
        #expect(await commit(at: day + 7_199_999, isForeign: true) == nil)
    }
}
