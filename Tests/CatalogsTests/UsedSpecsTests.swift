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
        fixture.clock.advance(microseconds: 1_000_000)
        let table = try await fixture.load("a")
        let file = DataFile(
            path: "\(table.metadata.location)/data/\(number).parquet", specID: 0, partition: [],
            recordCount: 1, fileSize: 10)
        let producer = SnapshotProducer(
            store: fixture.memory, caches: caches, clock: fixture.clock, randomness: randomness)
        let made = try await producer.append([file], to: table.metadata)
        try await commit(made.updates, made.requirements)
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
}
