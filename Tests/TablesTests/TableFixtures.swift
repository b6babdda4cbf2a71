import Blobs
import Columnar
import Effects
import Foundation
import Iceberg
import JSONText
import Tables

/// Tables to read: one that PyIceberg wrote (see IcebergTests/Fixtures/generate.py), and small ones made here.
enum TableFixtures {
    /// A store with the metadata files of a table of PyIceberg; its data files are not there, planning needs none.
    static func pyIceberg(
        _ table: String = "everything"
    ) async throws -> (metadata: TableMetadata, store: MemoryBlobStore) {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "IcebergTests/Fixtures/" + table)
        let store = MemoryBlobStore()
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let bytes = Array(try Data(contentsOf: folder.appending(path: name)))
            let path = BlobPath(bucket: "lake", key: "web/\(table)/metadata/\(name)")
            _ = try await store.put(path, bytes, if: .always)
        }
        let metadata = try await MetadataFile.read(
            "s3://lake/web/\(table)/metadata/metadata.json", store: store)
        return (metadata, store)
    }

    static let sync = [UInt8](repeating: 9, count: 16)

    /// A table partitioned by day and name whose snapshot has these entries, one manifest each group.
    static func table(
        _ groups: [[ManifestEntry]], deleteGroups: Set<Int> = [], store: MemoryBlobStore,
        formatVersion: Int = 2
    ) async throws -> TableMetadata {
        var metadata = try empty(formatVersion: formatVersion)
        var manifests: [ManifestFile] = []
        for (index, entries) in groups.enumerated() {
            var writer = ManifestWriter(
                metadata: metadata, spec: metadata.defaultSpec, snapshotID: 7, sync: sync)
            for entry in entries { try writer.append(entry) }
            let path = "s3://lake/t/metadata/m\(index).avro"
            var (bytes, manifest) = try writer.finish(path: path, sequenceNumber: 1)
            if deleteGroups.contains(index) { manifest.content = .deletes }
            _ = try await store.put(
                BlobPath(bucket: "lake", key: "t/metadata/m\(index).avro"), bytes, if: .always)
            manifests.append(manifest)
        }
        let list = "s3://lake/t/metadata/list.avro"
        let snapshot = Snapshot(
            snapshotID: 7, parentID: nil, sequenceNumber: 1, timestampMilliseconds: 1, manifestList: list)
        let bytes = try ManifestListFile.write(
            manifests, of: snapshot, formatVersion: formatVersion, sync: sync)
        _ = try await store.put(BlobPath(bucket: "lake", key: "t/metadata/list.avro"), bytes, if: .always)
        metadata.snapshots = [snapshot]
        metadata.lastSequenceNumber = groups.joined().compactMap(\.sequenceNumber).reduce(1, max)
        metadata.currentSnapshotID = 7
        metadata.refs = ["main": SnapshotRef(snapshotID: 7)]
        return metadata
    }

    static func empty(formatVersion: Int = 2) throws -> TableMetadata {
        let schema = IcebergSchema(fields: [
            Field(id: 1, "id", .long, isRequired: true), Field(id: 2, "ts", .timestamptz),
            Field(id: 3, "na me", .string),
            Field(id: 4, "price", .decimal(precision: 9, scale: 2)), Field(id: 5, "u", .uuid),
        ])
        let spec = PartitionSpec(fields: [
            PartitionField(sourceID: 2, name: "ts_day", transform: .day),
            PartitionField(sourceID: 3, name: "na me", transform: .identity),
            PartitionField(sourceID: 4, name: "price", transform: .identity),
            PartitionField(sourceID: 5, name: "u", transform: .identity),
        ])
        return try NewTable(
            schema: schema, spec: spec, location: "s3://lake/t",
            properties: ["format-version": "\(formatVersion)"]
        ).metadata(uuid: UniqueID(high: 1, low: 2), at: Instant(microseconds: 0))
    }

    static func file(_ name: String, day: Int32, text: String?, ids: ClosedRange<Int64>) -> DataFile {
        var file = DataFile(
            path: "s3://lake/t/data/\(name).parquet", specID: 0,
            partition: [
                .int(day), text.map { .string($0) } ?? .null, .long(-1234),
                .bytes([UInt8](repeating: 3, count: 16)),
            ], recordCount: Int64(ids.count), fileSize: 1000)
        file.columnSizes = [1: 80]
        file.valueCounts = [1: Int64(ids.count)]
        file.nullCounts = [1: 0]
        file.nanCounts = [:]
        file.lowerBounds = [1: SingleValue.encode(.long(ids.lowerBound), .long) ?? []]
        file.upperBounds = [1: SingleValue.encode(.long(ids.upperBound), .long) ?? []]
        file.splitOffsets = [4, 500]
        file.sortOrderID = 0
        return file
    }
}

extension ScanPlan {
    func paths() async throws -> [String] {
        var paths: [String] = []
        for try await task in self { paths.append(task.file.path) }
        return paths
    }
}
