import Blobs
import Columnar
import Iceberg
import TestKit
import Testing

@testable import Tables

@Suite("TableCheck")
struct TableCheckTests {
    typealias Lake = TableWriterTests.Lake
    private static let location = "s3://lake/web/t/metadata/v.metadata.json"

    private let lake = Lake()

    private func table(version: Int = 2) async throws -> TableMetadata {
        var metadata = try TableWriterTests.table(
            [(2, .day)], version: version, properties: ["commit.manifest.min-count-to-merge": "3"])
        for step in 0..<4 {
            metadata = try await lake.append(
                [TableWriterTests.batch(step * 20..<step * 20 + 20)], to: metadata)
        }
        return metadata
    }

    private func check(_ metadata: TableMetadata, readsData: Bool = true) async throws -> TableCheckReport {
        let check = try TableCheck(
            metadata: metadata, metadataLocation: Self.location, store: lake.store, readsData: readsData)
        return try await check.run()
    }

    private func kinds(_ metadata: TableMetadata) async throws -> Set<TableProblem.Kind> {
        Set(try await check(metadata).problems.map(\.kind))
    }

    private func path(_ uri: String?) throws -> BlobPath {
        try #require(uri.flatMap { BlobPath(uri: $0) })
    }

    private func manifests(_ metadata: TableMetadata) async throws -> [ManifestFile] {
        let list = try path(metadata.currentSnapshot?.manifestList)
        return try await ManifestListFile.read(lake.store.read(list), path: list.uri)
    }

    /// Writes the current snapshot's list anew.
    private func rewriteList(
        _ metadata: TableMetadata, _ edit: (inout [ManifestFile]) -> Void
    ) async throws {
        var all = try await manifests(metadata)
        edit(&all)
        let snapshot = try #require(metadata.currentSnapshot)
        let bytes = try ManifestListFile.write(
            all, of: snapshot, formatVersion: metadata.formatVersion, sync: TableFixtures.sync)
        _ = try await lake.store.put(path(snapshot.manifestList), bytes, if: .always)
    }

    /// Writes the newest manifest anew, and what the list tells of it.
    private func rewriteEntries(
        _ metadata: TableMetadata, _ edit: (inout [ManifestEntry]) -> Void
    ) async throws {
        let old = try await manifests(metadata)[0]
        var entries = try ManifestReader(metadata: metadata, manifest: old).entries(
            await lake.store.read(path(old.path)))
        edit(&entries)
        var writer = ManifestWriter(
            metadata: metadata, spec: metadata.defaultSpec, snapshotID: old.addedSnapshotID,
            sync: TableFixtures.sync)
        for entry in entries { try writer.append(entry) }
        let (bytes, made) = try writer.finish(path: old.path, sequenceNumber: old.sequenceNumber)
        _ = try await lake.store.put(path(old.path), bytes, if: .always)
        try await rewriteList(metadata) { all in
            all[0] = made
            all[0].firstRowID = old.firstRowID
        }
    }

    @Test("what Firn writes is clean, merged manifests too, and nothing lies around", arguments: [2, 3])
    func clean(version: Int) async throws {
        let metadata = try await table(version: version)
        let report = try await check(metadata)
        #expect(report.isClean && report.orphanCount == 0, "\(report.problems) \(report.orphans)")
        #expect(report.rows == 80 && report.snapshots == 4 && report.files > 4)
    }

    @Test(
        "what Firn writes is clean whatever the partition spec",
        arguments: TableWriterTests.specs.indices)
    func partitions(index: Int) async throws {
        var metadata = try TableWriterTests.table(TableWriterTests.specs[index], version: 3)
        metadata = try await lake.append([TableWriterTests.batch(0..<60)], to: metadata)
        let report = try await check(metadata)
        #expect(report.isClean && report.rows == 60, "\(report.problems)")
    }

    @Test("missing and torn files are found, each as what it is")
    func files() async throws {
        let metadata = try await table()
        let newest = try await manifests(metadata)[0]
        let entries = try ManifestReader(metadata: metadata, manifest: newest).entries(
            await lake.store.read(path(newest.path)))
        let data = try path(entries[0].file.path)
        let bytes = try await lake.store.read(data)
        try await lake.store.delete([data])
        #expect(try await kinds(metadata) == [.fileMissing])
        _ = try await lake.store.put(data, Array(bytes.dropLast(9)), if: .always)
        #expect(try await kinds(metadata) == [.fileSize, .fileUnreadable])
        _ = try await lake.store.put(data, bytes, if: .always)
        let kept = try await lake.store.read(path(newest.path))
        try await lake.store.delete([path(newest.path)])
        #expect(try await kinds(metadata).contains(.manifestUnreadable))
        _ = try await lake.store.put(path(newest.path), Array(kept.prefix(100)), if: .always)
        #expect(try await kinds(metadata).isSuperset(of: [.manifestUnreadable, .manifestLength]))
        _ = try await lake.store.put(path(newest.path), kept, if: .always)
        let list = try path(metadata.currentSnapshot?.manifestList)
        try await lake.store.delete([list])
        #expect(try await kinds(metadata) == [.manifestListUnreadable])
    }

    @Test("a list that tells wrong things of its manifests is found")
    func lists() async throws {
        let damages: [(TableProblem.Kind, (inout [ManifestFile]) -> Void)] = [
            (.manifestLength, { $0[0].length += 1 }), (.manifestCounts, { $0[0].files?.added += 1 }),
            (.manifestCounts, { $0[0].rows?.existing += 1 }),
            (.sequenceNumber, { $0[0].sequenceNumber += 5 }),
            (.sequenceNumber, { $0[1].minimumSequenceNumber += 2 }),
            (.partitionBounds, { $0[0].partitions?[0].lowerBound = SingleValue.encode(.int(9999), .date) }),
            (.duplicateFile, { $0.append($0[0]) }), (.summaryTotals, { $0.removeLast() }),
        ]
        for (kind, damage) in damages {
            let lake = TableCheckTests()
            let metadata = try await lake.table()
            try await lake.rewriteList(metadata, damage)
            #expect(try await lake.kinds(metadata).contains(kind), "\(kind)")
        }
    }

    @Test("entries that contradict their file, their number or their place are found")
    func entries() async throws {
        let damages: [(TableProblem.Kind, (inout [ManifestEntry]) -> Void)] = [
            (.recordCount, { $0[0].file.recordCount += 1 }), (.fileSize, { $0[0].file.fileSize -= 1 }),
            (.columnBounds, { $0[0].file.lowerBounds?[1] = SingleValue.encode(.long(10_000), .long) }),
            (.columnBounds, { $0[0].file.upperBounds?[3] = Array("a".utf8) }),
            (.columnBounds, { $0[0].file.nullCounts?[3]? += 1 }),
            (.columnBounds, { $0[0].file.valueCounts?[3]? += 1 }),
            (.columnBounds, { $0[0].file.nanCounts = [5: 0] }),
            (.partitionValue, { $0[0].file.partition = [.int(9999)] }),
            (.partitionValue, { $0[0].file.partition = [.null] }),
            (.sequenceNumber, { $0[0].sequenceNumber = 99 }),
            (.pathOutside, { $0[0].file.path = "s3://lake/other/x.parquet" }),
        ]
        for (kind, damage) in damages {
            let lake = TableCheckTests()
            let metadata = try await lake.table()
            try await lake.rewriteEntries(metadata, damage)
            #expect(try await lake.kinds(metadata).contains(kind), "\(kind)")
        }
    }

    @Test("metadata that contradicts itself, and row ids given twice, are found")
    func metadata() async throws {
        var metadata = try await table(version: 3)
        try await rewriteEntries(metadata) { $0[0].file.firstRowID = 0 }
        #expect(try await kinds(metadata).contains(.rowIDs))
        metadata.lastSequenceNumber = 2
        metadata.snapshots[1].schemaID = 9
        #expect(try await kinds(metadata).isSuperset(of: [.sequenceNumber, .metadataContradiction]))
    }

    @Test("row ids at the ends of their type are found")
    func rowIDs() async throws {
        for id in [Int64.min, -1, .max - 1, .max] {
            let lake = TableCheckTests()
            let metadata = try await lake.table(version: 3)
            try await lake.rewriteEntries(metadata) { $0[0].file.firstRowID = id }
            #expect(try await lake.kinds(metadata).contains(id < 0 ? .manifestUnreadable : .rowIDs), "\(id)")
        }
        for id in [Int64.min, -1, .max - 1, .max] {
            let lake = TableCheckTests()
            let metadata = try await lake.table(version: 3)
            try await lake.rewriteList(metadata) { $0[0].firstRowID = id }
            let kind = id < 0 ? TableProblem.Kind.manifestListUnreadable : .manifestUnreadable
            #expect(try await lake.kinds(metadata).contains(kind), "\(id)")
        }
        var metadata = try await table(version: 3)
        for next in [Int64.min, -1, 0] {
            metadata.nextRowID = next
            #expect(try await kinds(metadata) == [.rowIDs])
        }
    }

    @Test("a snapshot of version 1 that names its manifests itself is looked through like any other")
    func unlisted() async throws {
        var metadata = try await table()
        var snapshot = try #require(metadata.currentSnapshot)
        let all = try await manifests(metadata)
        snapshot.manifests = all.map(\.path)
        snapshot.manifestList = nil
        snapshot.sequenceNumber = 0
        metadata.formatVersion = 1
        metadata.snapshots = [snapshot]
        metadata.snapshotLog = []
        let report = try await check(metadata)
        #expect(report.isClean && report.rows == 80 && report.manifests == all.count)
        #expect(report.orphans.allSatisfy { $0.hasSuffix(".avro") } && report.orphanCount > 0)
        try await lake.store.delete([path(all[0].path)])
        #expect(try await kinds(metadata) == [.manifestUnreadable])
    }

    @Test("files named s3a:// and s3n:// are the table's all the same", arguments: ["s3a", "s3n"])
    func schemes(scheme: String) async throws {
        var metadata = try await table()
        func other(_ uri: String) -> String { scheme + uri.dropFirst(2) }
        try await rewriteEntries(metadata) { $0[0].file.path = other($0[0].file.path) }
        try await rewriteList(metadata) { $0[1].path = other($0[1].path) }
        metadata.metadataLog = [
            MetadataLogEntry(metadataFile: other(Self.location), timestampMilliseconds: 1)
        ]
        for index in metadata.snapshots.indices {
            metadata.snapshots[index].manifestList = metadata.snapshots[index].manifestList.map(other)
        }
        _ = try await lake.store.put(path(Self.location), [1], if: .always)
        let report = try await TableCheck(
            metadata: metadata, metadataLocation: other(Self.location), store: lake.store, readsData: true
        ).run()
        #expect(report.isClean && report.orphanCount == 0, "\(report.problems) \(report.orphans)")
        try await rewriteEntries(metadata) { entries in
            var twin = entries[0]
            twin.file.path = "s3" + twin.file.path.dropFirst(3)
            entries.append(twin)
        }
        #expect(try await kinds(metadata).contains(.duplicateFile))
    }

    @Test("objects nothing refers to are listed and are no damage")
    func orphans() async throws {
        let metadata = try await table()
        let stray = BlobPath(bucket: "lake", key: "web/t/data/stray.parquet")
        _ = try await lake.store.put(stray, [1], if: .always)
        _ = try await lake.store.put(BlobPath(bucket: "lake", key: "web/tt/x"), [1], if: .always)
        let report = try await check(metadata)
        #expect(report.isClean && report.orphans == [stray.uri])
    }
}
