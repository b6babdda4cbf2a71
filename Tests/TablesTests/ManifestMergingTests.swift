import Columnar
import Effects
import Iceberg
import TestKit
import Testing

@testable import Tables

@Suite("Merging of manifests")
struct ManifestMergingTests {
    typealias Lake = TableWriterTests.Lake

    private func manifests(_ lake: Lake, _ metadata: TableMetadata) async throws -> [ManifestFile] {
        let files = try TableFiles(metadata: metadata, store: lake.store, caches: lake.caches)
        return try await files.manifests(of: try #require(metadata.currentSnapshot))
    }

    private func entries(_ lake: Lake, _ metadata: TableMetadata) async throws -> [ManifestEntry] {
        let files = try TableFiles(metadata: metadata, store: lake.store, caches: lake.caches)
        var all: [ManifestEntry] = []
        for manifest in try await manifests(lake, metadata) {
            all += try await files.entries(of: manifest)
        }
        return all
    }

    @Test("many appends keep few manifests, and every file its numbers", arguments: [2, 3])
    func staysFew(version: Int) async throws {
        let lake = Lake()
        var metadata = try TableWriterTests.table(
            [(2, .day)], version: version, properties: ["commit.manifest.min-count-to-merge": "5"])
        var numbers: [String: [Int64?]] = [:]
        for step in 0..<23 {
            metadata = try await lake.append(
                [TableWriterTests.batch(step * 10..<step * 10 + 10)], to: metadata)
            for entry in try await entries(lake, metadata) {
                let found = [
                    entry.sequenceNumber, entry.fileSequenceNumber, entry.snapshotID, entry.file.firstRowID,
                ]
                #expect(numbers[entry.file.path] ?? found == found)
                numbers[entry.file.path] = found
            }
            #expect(try await manifests(lake, metadata).count < 5)
        }
        let all = try await entries(lake, metadata)
        #expect(Set(all.map(\.file.path)).count == all.count && all.count == numbers.count)
        #expect(try await lake.rows(metadata).count == 230)
        let last = try await manifests(lake, metadata)
        #expect(last.compactMap(\.rows).reduce(0) { $0 + $1.added + $1.existing } == 230)
        #expect(last.map(\.minimumSequenceNumber).min() == 1)
        if version == 3 {
            let ranges = all.compactMap { entry in entry.file.firstRowID.map { ($0, entry.file.recordCount) }
            }
            .sorted { $0.0 < $1.0 }
            #expect(ranges.count == all.count)
            for (left, right) in zip(ranges, ranges.dropFirst()) { #expect(left.0 + left.1 <= right.0) }
        }
    }

    @Test(
        "the list of a merged snapshot no longer names what was merged, and leaves no file behind it made for nothing"
    )
    func leavesNothing() async throws {
        let lake = Lake()
        var metadata = try TableWriterTests.table([], properties: ["commit.manifest.min-count-to-merge": "3"])
        for step in 0..<3 {
            metadata = try await lake.append([TableWriterTests.batch(step..<step + 1)], to: metadata)
        }
        // Two manifests of the first two appends, one of the third that has them all, three lists.
        #expect(try await lake.keys().filter { $0.hasSuffix(".avro") }.count == 6)
        #expect(try await manifests(lake, metadata).count == 1)
    }

    @Test("manifests of the target size, of another spec or of deletes stay")
    func packing() throws {
        let packing = try #require(
            ManifestPacking(properties: [
                "commit.manifest.target-size-bytes": "1000", "commit.manifest.min-count-to-merge": "3",
            ]))
        func manifest(_ length: Int64, spec: Int = 0, _ content: ManifestFile.Content = .data) -> ManifestFile
        {
            var manifest = ManifestFile(path: "m", length: length, specID: spec, addedSnapshotID: 1)
            manifest.content = content
            return manifest
        }
        let sizes: [Int64] = [10, 20, 30]
        #expect(packing.groups(sizes.map { manifest($0) } + [manifest(1000)], newCount: 1) == [[0, 1, 2]])
        #expect(packing.groups([10, 20].map { manifest($0) } + [manifest(1000)], newCount: 1) == [])
        #expect(packing.groups([10, 900, 300, 600].map { manifest($0) }, newCount: 1) == [[2, 3]])
        #expect(
            packing.groups([manifest(5), manifest(5, spec: 1), manifest(5, .deletes)], newCount: 1) == [])
        #expect(packing.groups([manifest(-1), manifest(.max), manifest(.max)], newCount: 1) == [])
        #expect(ManifestPacking(properties: ["commit.manifest-merge.enabled": "false"]) == nil)
    }
}
