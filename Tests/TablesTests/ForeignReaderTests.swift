import Blobs
import Foundation
import Iceberg
import JSONText
import Tables
import Testing

/// Leaves tables in a directory for another implementation to read: Fixtures/read-with-pyiceberg.py does.
@Suite("Tables for other readers")
struct ForeignReaderTests {
    @Test(
        "tables of every spec are written where PyIceberg can check them",
        .enabled(if: ProcessInfo.processInfo.environment["FIRN_TABLE_DUMP"] != nil))
    func dumps() async throws {
        let root = URL(filePath: try #require(ProcessInfo.processInfo.environment["FIRN_TABLE_DUMP"]))
        for (index, spec) in TableWriterTests.specs.enumerated() {
            for version in [2, 3] {
                // PyIceberg caches manifests by path: names must differ between tables.
                let lake = TableWriterTests.Lake(seed: UInt64(index * 10 + version))
                var metadata = try TableWriterTests.table(spec, version: version)
                metadata = try await lake.append([TableWriterTests.batch(0..<40)], to: metadata)
                metadata.properties["commit.manifest.min-count-to-merge"] = "2"
                metadata = try await lake.append([TableWriterTests.batch(40..<60)], to: metadata)
                try await MetadataFile.write(
                    metadata, to: metadata.location + "/metadata/v.metadata.json", store: lake.store)
                for key in try await lake.keys() {
                    let file = root.appending(path: "t\(index)-v\(version)/\(key)")
                    try FileManager.default.createDirectory(
                        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                    try Data(try await lake.store.read(BlobPath(bucket: "lake", key: key))).write(to: file)
                }
            }
        }
    }
}
