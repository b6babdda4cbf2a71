import Blobs
import Columnar
import Effects
import Iceberg
import TestKit
import Testing

@testable import Tables

@Suite("Replacing data files")
struct FileReplacementTests {
    typealias Lake = TableWriterTests.Lake

    /// Three appends of ten rows, each a file of its own.
    private func table(_ lake: Lake, version: Int) async throws -> TableMetadata {
        var metadata = try TableWriterTests.table([], version: version)
        for step in 0..<3 {
            metadata = try await lake.append(
                [TableWriterTests.batch(step * 10..<step * 10 + 10)], to: metadata)
        }
        return metadata
    }

    private func entries(_ lake: Lake, _ metadata: TableMetadata) async throws -> [ManifestEntry] {
        let files = try TableFiles(metadata: metadata, store: lake.store, caches: lake.caches)
        var all: [ManifestEntry] = []
        for manifest in try await files.manifests(of: try #require(metadata.currentSnapshot)) {
            all += try await files.entries(of: manifest)
        }
        return all
    }

    @Test(
        "the new files stand in the place of the old ones, the others keep their numbers", arguments: [2, 3])
    func replaces(version: Int) async throws {
        let lake = Lake()
        let before = try await table(lake, version: version)
        let old = try await entries(lake, before)
        let read = try #require(before.currentSnapshot?.snapshotID)
        let writer = try lake.writer(before)
        try await writer.write(TableWriterTests.batch(100..<104))
        let gone: Set = [old[1].file.path]
        let produced = try #require(
            try await lake.producer.replace(
                gone, readAt: read, with: try await writer.finish(), in: before, summary: ["who": "test"]))
        for requirement in produced.requirements { try requirement.check(against: before) }
        let after = try before.applying(produced.updates, at: lake.clock.now, previousFile: nil)
        #expect(try await lake.rows(after).count == 24)
        let summary = produced.snapshot.summary
        #expect(
            ["operation", "added-records", "deleted-records", "total-records", "total-data-files", "who"].map
            {
                summary[$0]
            } == ["overwrite", "4", "10", "24", "3", "test"])
        let now = try await entries(lake, after)
        for entry in old where !gone.contains(entry.file.path) {
            let kept = try #require(now.first { $0.file.path == entry.file.path })
            #expect(kept.isLive && kept.sequenceNumber == entry.sequenceNumber)
            #expect(kept.snapshotID == entry.snapshotID && kept.file.firstRowID == entry.file.firstRowID)
        }
        let removed = try #require(now.first { gone.contains($0.file.path) })
        #expect(removed.status == .deleted && removed.snapshotID == produced.snapshot.snapshotID)

        // What is gone is not taken out again, and nothing is left of the attempt.
        let keys = try await lake.keys()
        #expect(try await lake.producer.replace(gone, readAt: read, with: [], in: after) == nil)
        #expect(try await lake.keys() == keys)
        let all = Set(now.filter(\.isLive).map(\.file.path))
        let emptied = try #require(try await lake.producer.replace(all, readAt: read, with: [], in: after))
        #expect(emptied.snapshot.operation == "delete" && emptied.snapshot.summary["total-records"] == "0")
        let empty = try after.applying(emptied.updates, at: lake.clock.now, previousFile: nil)
        #expect(try await lake.rows(empty).isEmpty)
    }

    @Test("rows that were deleted since they were read do not come back")
    func heedsDeletes() async throws {
        let store = MemoryBlobStore()
        func entry(_ name: String, _ content: DataFile.Content) -> ManifestEntry {
            var file = TableFixtures.file(name, day: 1, text: "x", ids: 1...2)
            file.content = content
            return ManifestEntry(.existing, file, snapshotID: 7, sequenceNumber: 1, fileSequenceNumber: 1)
        }
        var metadata = try await TableFixtures.table(
            [[entry("a", .data)], [entry("p", .positionDeletes)]], deleteGroups: [1], store: store)
        let producer = SnapshotProducer(
            store: store, caches: TableCaches(), clock: ManualClock(), randomness: SeededRandomness(seed: 1))
        let gone: Set = ["s3://lake/t/data/a.parquet"]
        #expect(try await producer.replace(gone, readAt: 7, with: [], in: metadata) != nil)
        #expect(try await producer.replace(gone, readAt: 8, with: [], in: metadata) == nil)
        // The snapshot before did not know the deletes.
        let files = try TableFiles(metadata: metadata, store: store, caches: TableCaches())
        let data = try await files.manifests(of: metadata.snapshots[0]).filter { $0.content == .data }
        var earlier = metadata.snapshots[0]
        earlier.snapshotID = 6
        earlier.manifestList = "s3://lake/t/metadata/earlier.avro"
        let bytes = try ManifestListFile.write(data, of: earlier, formatVersion: 2, sync: TableFixtures.sync)
        _ = try await store.put(BlobPath(bucket: "lake", key: "t/metadata/earlier.avro"), bytes, if: .always)
        metadata.snapshots.insert(earlier, at: 0)
        #expect(try await producer.replace(gone, readAt: 6, with: [], in: metadata) == nil)
    }
}
