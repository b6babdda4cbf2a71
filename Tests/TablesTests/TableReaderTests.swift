import Blobs
import Columnar
import Effects
import FileFormats
import Iceberg
import JSONText
import Scheduling
import Tables
import Testing

@Suite("TableReader")
struct TableReaderTests {
    private func fails(_ code: TablesError.Code, _ body: () async throws -> Void) async {
        do {
            try await body()
            Issue.record("no error; expected \(code)")
        } catch {
            #expect((error as? TablesError)?.code == code, "\(error)")
        }
    }

    @Test("a table of PyIceberg plans all its files, with partitions, counts and bounds")
    func plansForeignTable() async throws {
        let (metadata, store) = try await TableFixtures.pyIceberg()
        let reader = try TableReader(metadata: metadata, store: store, caches: TableCaches())
        let plan = try reader.plan()
        var tasks: [ScanTask] = []
        for try await task in plan { tasks.append(task) }
        #expect(tasks.count == 11 && plan.counts.rows == 11 && plan.counts.manifests == 2)
        #expect(Set(tasks.map(\.sequenceNumber)) == [1, 2])
        let first = try #require(tasks.last)
        #expect(first.file.partition.count == 4 && first.path.bucket == "lake")
        let id = first.file.statistics(ofFieldID: 1, .long)
        #expect(id.lower == id.upper && id.nullCount == 0)
        let old = try reader.plan(snapshotID: metadata.snapshots[0].snapshotID)
        #expect(try await old.paths().count == 6)
        #expect(throws: IcebergError.self) { try reader.plan(snapshotID: 1) }
    }

    @Test("a manifest whose files were seen is left out by their bounds, and only where all of them allow it")
    func remembersBounds() async throws {
        let store = MemoryBlobStore()
        let id = 1
        let groups = (0..<4).map { group in
            (0..<3).map { place in
                let value = Int64(group * 10 + place)
                var file = TableFixtures.file("\(group)-\(place)", day: 1, text: "a", ids: value...value)
                // The files of the last manifest tell nothing of their ids.
                if group == 3 {
                    file.lowerBounds = nil
                    file.upperBounds = nil
                }
                return ManifestEntry(.added, file)
            }
        }
        let metadata = try await TableFixtures.table(groups, store: store)
        let reader = try TableReader(metadata: metadata, store: store, caches: TableCaches())
        func plan(_ comparison: Predicate.Comparison, _ value: Int64) async throws -> (Int, PlanCounts) {
            let plan = try reader.plan(predicate: .compare(fieldID: id, comparison, .long(value)))
            return (try await plan.paths().count, plan.counts)
        }
        let first = try await plan(.equal, 11)
        #expect(first.0 == 4 && first.1.skippedManifests == 0 && first.1.skippedFiles == 8)
        let second = try await plan(.equal, 11)
        #expect(second.0 == 4 && second.1.skippedManifests == 2 && second.1.skippedFiles == 2)
        #expect(try await plan(.greaterOrEqual, 12).1.skippedManifests == 1)
        #expect(try await plan(.greaterOrEqual, 12).0 == 7)
        let nulls = try reader.plan(predicate: .isNull(fieldID: id))
        #expect(try await nulls.paths() == [] && nulls.counts.skippedManifests == 4)
    }

    @Test("predicates leave out manifests by partitions and files by partitions and bounds")
    func prunes() async throws {
        let (metadata, store) = try await TableFixtures.pyIceberg()
        let reader = try TableReader(metadata: metadata, store: store, caches: TableCaches())
        func plan(_ predicate: Predicate) async throws -> (Int, PlanCounts) {
            let plan = try reader.plan(predicate: predicate)
            return (try await plan.paths().count, plan.counts)
        }
        let schema = metadata.currentSchema
        let id = try #require(schema.field(named: "id")?.id)
        let ts = try #require(schema.field(named: "ts")?.id)
        let name = try #require(schema.field(named: "name")?.id)
        let midnight: Int64 = 1_704_153_600_000_000
        let early = try await plan(.compare(fieldID: ts, .less, .long(midnight)))
        #expect(early.0 == 1 && early.1.skippedManifests == 1)
        #expect(try await plan(.compare(fieldID: id, .equal, .long(103))).0 == 1)
        #expect(try await plan(.compare(fieldID: id, .greater, .long(500))).0 == 0)
        #expect(try await plan(.startsWith(fieldID: name, "Z")).0 == 2)
        #expect(try await plan(.isNull(fieldID: name)).0 == 2)
        #expect(try await plan(.never).0 == 0)
        #expect(try await plan(.not(.compare(fieldID: id, .greater, .long(3)))).0 == 4)
    }

    @Test("files outside the table's location are refused before anything is read")
    func refusesForeignPaths() async throws {
        let store = MemoryBlobStore()
        var file = TableFixtures.file("a", day: 1, text: "x", ids: 1...2)
        file.path = "s3://lake/t/../other/data/a.parquet"
        let metadata = try await TableFixtures.table([[ManifestEntry(.added, file)]], store: store)
        await fails(.pathOutsideTable) {
            _ = try await TableReader(metadata: metadata, store: store, caches: TableCaches()).plan().paths()
        }
        for list in ["s3://lake/other/list.avro", "s3://lake/t2/list.avro", "file:///etc/passwd"] {
            var hostile = metadata
            hostile.snapshots[0].manifestList = list
            await fails(.pathOutsideTable) {
                _ = try await TableReader(metadata: hostile, store: store, caches: TableCaches()).plan()
                    .paths()
            }
        }
    }

    @Test("what cannot be read right is refused: misplaced delete files, other formats, missing manifests")
    func refusesUnsupported() async throws {
        var deletes = TableFixtures.file("d", day: 1, text: "x", ids: 1...2)
        deletes.content = .positionDeletes
        var orc = TableFixtures.file("o", day: 1, text: "x", ids: 1...2)
        orc.format = "ORC"
        for (file, code) in [(deletes, TablesError.Code.manifestUnreadable), (orc, .formatUnsupported)] {
            let store = MemoryBlobStore()
            let metadata = try await TableFixtures.table([[ManifestEntry(.added, file)]], store: store)
            await fails(code) {
                _ = try await TableReader(metadata: metadata, store: store, caches: TableCaches()).plan()
                    .paths()
            }
        }
        let store = MemoryBlobStore()
        let entry = ManifestEntry(.added, TableFixtures.file("a", day: 1, text: "x", ids: 1...2))
        let metadata = try await TableFixtures.table([[entry]], store: store)
        try await store.delete([BlobPath(bucket: "lake", key: "t/metadata/m0.avro")])
        await fails(.manifestUnreadable) {
            _ = try await TableReader(metadata: metadata, store: store, caches: TableCaches()).plan().paths()
        }
    }

    @Test("deleted entries are not read, a cancelled plan stops, caches serve the second plan")
    func skipsDeletedAndStops() async throws {
        let store = MemoryBlobStore()
        let entries = (0..<30 as Range<Int32>).map { index in
            ManifestEntry(
                index % 3 == 0 ? .deleted : .added,
                TableFixtures.file("f\(index)", day: index, text: nil, ids: 1...2))
        }
        let metadata = try await TableFixtures.table(entries.map { [$0] }, store: store)
        let caches = TableCaches()
        let reader = try TableReader(metadata: metadata, store: store, caches: caches)
        let paths = try await reader.plan().paths()
        #expect(paths == entries.filter(\.isLive).map(\.file.path))
        #expect(try await reader.plan().paths() == paths)
        let token = CancellationToken()
        token.cancel()
        await #expect(throws: SchedulingError.self) { try await reader.plan(cancellation: token).paths() }
    }

    @Test("large manifests are decoded on the pool, with the same answers")
    func decodesOnPool() async throws {
        let store = MemoryBlobStore()
        var generator = SeededGenerator(seed: 3)
        let entries = (0..<2000 as Range<Int32>).map { index in
            let name = "\(index)-\(UInt64.random(in: 0...UInt64.max, using: &generator))"
            return ManifestEntry(.added, TableFixtures.file(name, day: index, text: nil, ids: 1...2))
        }
        let metadata = try await TableFixtures.table([entries], store: store)
        #expect(try await store.head(BlobPath(bucket: "lake", key: "t/metadata/m0.avro")).size > 32 << 10)
        let pool = MorselPool(threads: 2)
        defer { pool.stop() }
        let reader = try TableReader(
            metadata: metadata, store: store, caches: TableCaches(), workers: Workers((pool, .query)))
        let day: Int64 = 86_400_000_000
        let plan = try reader.plan(predicate: .compare(fieldID: 2, .less, .long(10 * day)))
        #expect(try await plan.paths() == entries.prefix(10).map(\.file.path))
        #expect(plan.counts.skippedFiles == 1990)
    }

    @Test("metadata reads plain and compressed; anything else says what is wrong")
    func readsMetadata() async throws {
        let metadata = try TableFixtures.empty()
        let store = MemoryBlobStore()
        let path = BlobPath(bucket: "lake", key: "t/metadata/1.gz.metadata.json")
        _ = try await store.put(path, Codec.gzip.compress(metadata.json.serialized(), level: 6), if: .always)
        #expect(try await MetadataFile.read(path.uri, store: store) == metadata)
        try await MetadataFile.write(metadata, to: "s3://lake/t/metadata/2.json", store: store)
        #expect(try await MetadataFile.read("s3://lake/t/metadata/2.json", store: store) == metadata)
        let caches = TableCaches()
        for _ in 0..<2 {
            #expect(try await MetadataFile.read(path.uri, store: store, caches: caches) == metadata)
        }
        var changed = metadata
        changed.properties["a"] = "b"
        _ = try await store.put(path, changed.json.serialized(), if: .always)
        #expect(try await MetadataFile.read(path.uri, store: store, caches: caches) == changed)
        await fails(.pathOutsideTable) {
            try await MetadataFile.write(metadata, to: "s3://lake/x/2.json", store: store)
        }
        await fails(.metadataUnreadable) { _ = try await MetadataFile.read("s3://lake/t/none", store: store) }
        await fails(.metadataUnreadable) { _ = try await MetadataFile.read("nonsense", store: store) }
        #expect(throws: TablesError.self) { try MetadataFile.parse([0x1F, 0x8B, 1], path: "p") }
        #expect(throws: TablesError.self) { try MetadataFile.parse(Array("{}".utf8), path: "p") }
    }

    @Test("a cache keeps what was used last within its limit")
    func boundsCaches() {
        let cache = RecentCache<Int, Int>(limit: 100)
        for key in 0..<50 {
            cache.insert(key, for: key, cost: 10)
            #expect(cache.totalCost <= 100)
            _ = cache.find(0)
        }
        #expect(cache.find(0) == 0 && cache.find(49) == 49 && cache.find(5) == nil)
        cache.insert(1, for: 99, cost: 26)
        #expect(cache.find(99) == nil)
    }
}
