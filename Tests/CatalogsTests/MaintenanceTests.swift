import Blobs
import Effects
import Iceberg
import JSONText
import Metastore
import Tables
import TestKit
import Testing

@testable import Catalogs

@Suite("Purge, and files of expired snapshots")
struct MaintenanceTests {
    private let fixture: CatalogFixture
    private let randomness = SeededRandomness(seed: 7)
    private let caches = TableCaches()
    private var catalog: Catalog { fixture.catalog }
    init() async throws {
        try await self.init { _ in }
    }

    private init(_ change: (inout CatalogLimits) -> Void) async throws {
        var limits = CatalogLimits()
        limits.expiredFileGraceSeconds = 60
        change(&limits)
        fixture = try await CatalogFixture(limits: limits)
    }

    private func put(_ key: String) async throws {
        _ = try await fixture.memory.put(BlobPath(bucket: "lake", key: key), [1], if: .always)
    }

    @Test("a purge that failed is on record, keeps its place from new tables, and ends later")
    func purgeIsFinished() async throws {
        let table = try await fixture.create("a", location: "s3://lake/t/a")
        for index in 0..<5 { try await put("t/a/data/\(index).parquet") }
        fixture.store.failNext(.delete)
        try await catalog.dropTable(table.identifier, in: fixture.warehouse, purge: true)
        #expect(await faultCode { _ = try await fixture.load("a") } == "CAT-103")
        #expect(try await fixture.keys().count == 6)
        for location in ["s3://lake/t/a", "s3://lake/t", "s3://lake/t/a/b"] {
            #expect(await faultCode { try await fixture.create("b", location: location) } == "CAT-206")
        }
        let again = Catalog(metastore: fixture.metastore, store: fixture.store, clock: fixture.clock)
        await again.maintain()
        #expect(try await fixture.keys() == [])
        try await fixture.create("b", location: "s3://lake/t/a")
        await again.maintain()
        #expect(try await fixture.keys().count == 1)
    }

    @Test("a table whose metadata is gone or damaged can be purged")
    func purgesDamaged() async throws {
        for damage in [nil, "{}"] {
            let table = try await fixture.create(
                "a", location: "s3://lake/t/a", properties: ["gc.enabled": "false"])
            try await put("t/a/data/1.parquet")
            let path = try #require(BlobPath(uri: table.metadataLocation))
            try await fixture.memory.delete([path])
            if let damage { _ = try await fixture.memory.put(path, Array(damage.utf8), if: .always) }
            let cold = Catalog(metastore: fixture.metastore, store: fixture.store, clock: fixture.clock)
            fixture.store.failNext(.open)
            #expect(
                await faultCode {
                    try await cold.dropTable(table.identifier, in: fixture.warehouse, purge: true)
                } == "BLB-302", "a store that does not answer is no damage")
            try await cold.dropTable(table.identifier, in: fixture.warehouse, purge: true)
            #expect(try await fixture.keys().isEmpty)
        }
    }

    @Test("a table whose files are kept is dropped, not purged: any word but true says so")
    func purgeIsRefused() async throws {
        for word in ["false", "FALSE", "no"] {
            let table = try await fixture.create(
                "a", location: "s3://lake/t/a", properties: ["gc.enabled": word])
            try await put("t/a/data/1.parquet")
            let keys = try await fixture.keys()
            let refused = await faultCode {
                try await catalog.dropTable(table.identifier, in: fixture.warehouse, purge: true)
            }
            #expect(refused == "CAT-207")
            #expect(try await fixture.load("a").metadataLocation == table.metadataLocation)
            #expect(try await fixture.keys() == keys)
            let allowed = TableCommit(
                warehouse: fixture.warehouse, identifier: table.identifier, requirements: [],
                updates: [.setProperties(["gc.enabled": "true"])])
            try await catalog.commit([allowed])
            try await catalog.dropTable(table.identifier, in: fixture.warehouse, purge: true)
            #expect(try await fixture.keys().isEmpty)
        }
    }

    @Test("a purge of many files answers before it is through, and the rest follows")
    func purgesInParts() async throws {
        var limits = CatalogLimits()
        limits.purgePagesAtOnce = 1
        let fixture = try await CatalogFixture(limits: limits)
        let table = try await fixture.create("a", location: "s3://lake/t/a")
        for index in 0..<1500 {
            _ = try await fixture.memory.put(BlobPath(bucket: "lake", key: "t/a/\(index)"), [1], if: .always)
        }
        try await fixture.catalog.dropTable(table.identifier, in: fixture.warehouse, purge: true)
        #expect(try await fixture.keys().count == 501)
        await fixture.catalog.maintain()
        #expect(try await fixture.keys().isEmpty)
    }

    private var producer: SnapshotProducer {
        SnapshotProducer(
            store: fixture.memory, caches: caches, clock: fixture.clock, randomness: randomness)
    }

    /// Appends as a pipeline's sink does, a second apart.
    private func append(_ numbers: Range<Int>, to name: String) async throws {
        let (producer, clock) = (producer, fixture.clock)
        for number in numbers {
            clock.advance(microseconds: 1_000_000)
            let table = try await fixture.load(name)
            let file = DataFile(
                path: "\(table.metadata.location)/data/\(number).parquet", specID: 0, partition: [],
                recordCount: 1, fileSize: 10)
            let made = try await producer.append([file], to: table.metadata)
            try await catalog.commit([
                TableCommit(
                    warehouse: fixture.warehouse, identifier: table.identifier,
                    requirements: made.requirements, updates: made.updates, expiresSnapshots: true)
            ])
        }
    }

    private func files(_ metadata: TableMetadata, _ id: Int64?) async throws -> Set<String> {
        var paths: Set<String> = []
        for try await task in try TableReader(
            metadata: metadata, store: fixture.memory, caches: TableCaches()
        ).plan(snapshotID: id) {
            paths.insert(task.file.path)
        }
        return paths
    }

    @Test("after many commits everything kept can be read, and nothing else is stored")
    func expiredFilesGo() async throws {
        try await fixture.create(
            "a",
            properties: [
                "firn.history.max-snapshots": "6", "history.expire.min-snapshots-to-keep": "2",
                "commit.manifest.min-count-to-merge": "4", "write.metadata.previous-versions-max": "3",
            ])
        try await append(0..<30, to: "a")
        let young = try await fixture.keys().count
        await catalog.maintain()
        #expect(
            try await fixture.keys().count == young, "expired less than a minute ago, readers may be there")
        fixture.clock.advance(microseconds: 61_000_000)
        await catalog.maintain()
        let metadata = try await fixture.load("a").metadata
        #expect(metadata.snapshots.count == 6 && metadata.metadataLog.count == 3)
        #expect(metadata.snapshotLog.count == 6)
        for (index, snapshot) in metadata.snapshots.enumerated() {
            let found = try await files(metadata, snapshot.snapshotID)
            #expect(found.count == 25 + index)
        }
        var needed = Set(metadata.snapshots.compactMap(\.manifestList))
        for list in needed {
            let path = try #require(BlobPath(uri: list))
            needed.formUnion(
                try await ManifestListFile.read(fixture.memory.read(path), path: list).map(\.path))
        }
        let stored = try await fixture.keys().filter { $0.hasSuffix(".avro") }.map { "s3://lake/\($0)" }
        #expect(Set(stored) == needed)
        await catalog.maintain()
        #expect(try await fixture.keys().filter { $0.hasSuffix(".avro") }.count == stored.count)
    }

    @Test("a table with very many snapshots lets go of expired files too, many at a time")
    func manySnapshots() async throws {
        let large = try await MaintenanceTests {
            $0.snapshotsToCompare = 5
            $0.expiredListsAtOnce = 10
        }
        try await large.fixture.create(
            "a",
            properties: [
                "firn.history.max-snapshots": "6", "history.expire.min-snapshots-to-keep": "2",
                "commit.manifest.min-count-to-merge": "4",
            ])
        func lists() async throws -> Int {
            try await large.fixture.keys().filter { $0.contains("/snap-") }.count
        }
        // 24 have expired: two times ten go, four wait for six more.
        try await large.append(0..<30, to: "a")
        large.fixture.clock.advance(microseconds: 61_000_000)
        var counts: [Int] = []
        for _ in 0..<4 {
            await large.catalog.maintain()
            counts.append(try await lists())
        }
        #expect(counts == [20, 10, 10, 10])
        try await large.append(30..<36, to: "a")
        large.fixture.clock.advance(microseconds: 61_000_000)
        await large.catalog.maintain()
        let metadata = try await large.fixture.load("a").metadata
        #expect(metadata.snapshots.count == 6)
        var needed = Set(metadata.snapshots.compactMap(\.manifestList))
        for list in needed {
            let path = try #require(BlobPath(uri: list))
            needed.formUnion(
                try await ManifestListFile.read(large.fixture.memory.read(path), path: list).map(\.path))
        }
        let stored = try await large.fixture.keys().filter { $0.hasSuffix(".avro") }.map { "s3://lake/\($0)" }
        #expect(Set(stored) == needed)
    }

    @Test("a table registered over another one lets go of its own files, and touches none of the other's")
    func registeredOver() async throws {
        let properties = [
            "firn.history.max-snapshots": "2", "history.expire.min-snapshots-to-keep": "2",
        ]
        func lists(of metadata: TableMetadata) async throws -> Int {
            let folder = try TableLocation(metadata.location).key + "/"
            return try await fixture.keys().filter { $0.hasPrefix(folder) && $0.contains("/snap-") }.count
        }
        let old = try await fixture.create("a", properties: properties).metadata
        let other = try await fixture.create("b", properties: properties)
        try await append(0..<6, to: "a")
        try await catalog.dropTable(other.identifier, in: fixture.warehouse)
        _ = try await catalog.registerTable(
            fixture.identifier("a"), metadataLocation: other.metadataLocation, in: fixture.warehouse,
            overwrite: true)
        fixture.clock.advance(microseconds: 61_000_000)
        try await append(6..<12, to: "a")
        fixture.clock.advance(microseconds: 61_000_000)
        await catalog.maintain()
        #expect(try await lists(of: old) == 6)
        #expect(try await lists(of: other.metadata) == 2)
        let rows = try await fixture.metastore.read { try $0.query("SELECT path FROM expired_lists") }
        #expect(rows.isEmpty)
    }

    @Test("a snapshot that a branch keeps keeps its manifests")
    func branchesKeep() async throws {
        try await fixture.create(
            "a",
            properties: [
                "firn.history.max-snapshots": "2", "history.expire.min-snapshots-to-keep": "2",
                "commit.manifest.min-count-to-merge": "3",
            ])
        try await append(0..<2, to: "a")
        let first = try #require(try await fixture.load("a").metadata.currentSnapshotID)
        try await catalog.commit([
            TableCommit(
                warehouse: fixture.warehouse, identifier: fixture.identifier("a"), requirements: [],
                updates: [.setSnapshotRef(name: "old", SnapshotRef(snapshotID: first, kind: .tag))])
        ])
        try await append(2..<12, to: "a")
        fixture.clock.advance(microseconds: 61_000_000)
        await catalog.maintain()
        let metadata = try await fixture.load("a").metadata
        #expect(metadata.snapshots.count == 3)
        #expect(try await files(metadata, first).count == 2)
        #expect(try await files(metadata, nil).count == 12)
    }

    @Test("a client's commit expires nothing, unless the table says how many snapshots it wants")
    func clientsCommit() async throws {
        try await fixture.create("a", properties: ["history.expire.min-snapshots-to-keep": "1"])
        for id in 1...4 as ClosedRange<Int64> {
            try await catalog.commit([fixture.append(to: try await fixture.load("a"), snapshotID: id)])
            fixture.clock.advance(microseconds: 6 * 24 * 3_600_000_000)
        }
        let table = try await fixture.load("a")
        #expect(table.metadata.snapshots.count == 4)
        let limit = TableCommit(
            warehouse: fixture.warehouse, identifier: table.identifier, requirements: [],
            updates: [.setProperties(["firn.history.max-snapshots": "3"])])
        try await catalog.commit([limit])
        try await catalog.commit([fixture.append(to: try await fixture.load("a"), snapshotID: 5)])
        #expect(try await fixture.load("a").metadata.snapshots.map(\.snapshotID) == [5])
    }

    @Test("small commits of a pipeline keep metadata, snapshots and manifests few")
    func staysSmall() async throws {
        try await fixture.create(
            "a",
            properties: [
                "firn.history.max-snapshots": "20", "history.expire.min-snapshots-to-keep": "20",
                "commit.manifest.min-count-to-merge": "20", "write.metadata.previous-versions-max": "10",
            ])
        try await append(0..<100, to: "a")
        let early = try await fixture.load("a")
        try await append(100..<400, to: "a")
        let late = try await fixture.load("a")
        #expect(late.metadata.lastSequenceNumber == 400 && late.metadata.snapshots.count == 20)
        #expect(late.metadata.snapshotLog.count == 20 && late.metadata.metadataLog.count == 10)
        let sizes = [early, late].map { $0.metadata.json.serialized().count }
        #expect(sizes[1] < sizes[0] + sizes[0] / 10)
        let list = try #require(late.metadata.currentSnapshot?.manifestList)
        let path = try #require(BlobPath(uri: list))
        #expect(try await ManifestListFile.read(fixture.memory.read(path), path: list).count <= 20)
        #expect(try await files(late.metadata, nil).count == 400)
    }
}
