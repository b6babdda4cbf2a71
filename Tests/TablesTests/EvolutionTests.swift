import Blobs
import Columnar
import Effects
import Iceberg
import JSONText
import Tables
import TestKit
import Testing

@Suite("Tables that changed")
struct EvolutionTests {
    @Test("tables of version 1 plan with pruning, are not written, and take appends once upgraded")
    func readsVersionOne() async throws {
        let (old, store) = try await TableFixtures.pyIceberg("old")
        #expect(old.formatVersion == 1)
        let caches = TableCaches()
        let plan = try TableReader(metadata: old, store: store, caches: caches).plan(
            predicate: .compare(fieldID: 3, .less, .int(-5)))
        #expect(try await plan.paths().count == 2 && plan.counts.skippedManifests == 1)
        let producer = SnapshotProducer(
            store: store, caches: caches, clock: ManualClock(), randomness: SeededRandomness(seed: 1))
        await #expect(throws: TablesError.self) { try await producer.append([], to: old) }
        let upgraded = try old.applying(
            [.upgradeFormatVersion(2)], at: Instant(microseconds: 0), previousFile: nil)
        var file = DataFile(
            path: "s3://lake/web/old/data/new.parquet", specID: 0, partition: [.int(7)], recordCount: 1,
            fileSize: 10)
        file.format = "PARQUET"
        let produced = try await producer.append([file], to: upgraded)
        let new = try upgraded.applying(produced.updates, at: Instant(microseconds: 0), previousFile: nil)
        #expect(new.lastSequenceNumber == 1)
        var numbers: [Int64] = []
        for try await task in try TableReader(metadata: new, store: store, caches: caches).plan() {
            numbers.append(task.sequenceNumber)
        }
        #expect(numbers.sorted() == [0, 0, 0, 0, 0, 1])
    }

    @Test("version 1 lists without counts are counted before version 2 writes them on")
    func countsOldManifests() async throws {
        let store = MemoryBlobStore()
        let entries = (0..<3 as Range<Int32>).map { index in
            ManifestEntry(
                index == 0 ? .deleted : .added,
                TableFixtures.file("f\(index)", day: index, text: nil, ids: 1...4),
                snapshotID: 7)
        }
        var metadata = try await TableFixtures.table([entries], store: store)
        metadata.snapshots[0].manifests = ["s3://lake/t/metadata/m0.avro"]
        metadata.snapshots[0].manifestList = nil
        let producer = SnapshotProducer(
            store: store, caches: TableCaches(), clock: ManualClock(), randomness: SeededRandomness(seed: 1))
        metadata.lastSequenceNumber = 1
        let produced = try await producer.append([], to: metadata)
        let list = try #require(produced.snapshot.manifestList.flatMap { BlobPath(uri: $0) })
        let manifests = try ManifestListFile.read(try await store.read(list), path: "l")
        #expect(manifests.map(\.files) == [.init(added: 2, existing: 0, deleted: 1)])
        #expect(manifests.map(\.rows) == [.init(added: 8, existing: 0, deleted: 4)])
        let manifest = try await store.head(BlobPath(bucket: "lake", key: "t/metadata/m0.avro"))
        #expect(manifests.map(\.length) == [manifest.size])
        let new = try metadata.applying(produced.updates, at: Instant(microseconds: 0), previousFile: nil)
        let paths = try await TableReader(metadata: new, store: store, caches: TableCaches()).plan().paths()
        #expect(paths == entries.filter(\.isLive).map(\.file.path))
    }

    @Test("columns that are added, renamed and reordered read by their ids; specs of all times prune")
    func evolves() async throws {
        let lake = TableWriterTests.Lake()
        var table = try TableWriterTests.table([(2, .day)])
        table = try await lake.append([TableWriterTests.batch(0..<30)], to: table)
        var schema = table.currentSchema
        schema.fields.swapAt(0, 2)
        schema.fields[2].name = "key"
        schema.fields.append(Field(id: 11, "extra", .int))
        let spec = PartitionSpec(fields: [
            PartitionField(sourceID: 1, name: "key_bucket", transform: .bucket(2)),
            PartitionField(sourceID: 2, name: "p0", transform: .day),
        ])
        table = try table.applying(
            [
                .addSchema(schema, lastColumnID: nil), .setCurrentSchema(-1), .addSpec(spec),
                .setDefaultSpec(-1),
            ],
            at: lake.clock.now, previousFile: nil)
        let rows = Batch(
            schema: Schema([Field("key", .long), Field("extra", .int), Field("ts", .timestamptz)]),
            columns: [
                Column(.long, [.long(100), .long(101)]), Column(.int, [.int(1), .null]),
                .constant(.long(0), .timestamptz, count: 2),
            ], rowCount: 2)
        table = try await lake.append([rows], to: table)
        let all = try await lake.rows(table)
        #expect(all.count == 32 && Set(all.map { $0[2] }).count == 32)
        #expect(all.filter { $0[7] == .int(1) }.map { $0[2] } == [.long(100)])
        // The first day holds 24 old rows in one spec and the two new ones in the other.
        let day: Int64 = 86_400_000_000
        #expect(try await lake.rows(table, .compare(fieldID: 2, .less, .long(day))).count == 26)
        #expect(try await lake.rows(table, .compare(fieldID: 1, .equal, .long(100))).count <= 2)
    }

    @Test("defaults are known to readers, and stop writers that would need them")
    func refusesDefaults() async throws {
        var table = try TableWriterTests.table([], version: 3)
        table.schemas[0].fieldExtras[4] = ["write-default": "1.00"]
        _ = try table.currentSchema.columnar()
        let lake = TableWriterTests.Lake()
        let bare = Batch(
            schema: Schema([Field("id", .long)]), columns: [Column(.long, [.long(1)])], rowCount: 1)
        let writer = try lake.writer(table)
        await #expect(throws: TablesError.self) { try await writer.write(bare) }
        await writer.abort()
        let full = try await lake.append([TableWriterTests.batch(0..<2)], to: table)
        #expect(try await lake.rows(full).count == 2)
        table.schemas[0].fieldExtras[4] = ["initial-default": "1.00"]
        #expect(try table.currentSchema.initialDefaults() == [4: .long(100)])
        _ = try lake.writer(table)
    }

    @Test("a column of a type Firn only carries stops the writer, not the plan")
    func refusesOpaqueColumns() async throws {
        var table = try TableWriterTests.table([], version: 3)
        table.schemas[0].opaqueTypes[5] = "variant"
        table.schemas[0].fields[4].type = .null
        let lake = TableWriterTests.Lake()
        #expect(throws: IcebergError.self) { try lake.writer(table) }
        #expect(try await lake.plan(table).isEmpty)
    }
}
