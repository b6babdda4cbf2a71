import Blobs
import Iceberg
import Tables
import TestKit
import Testing

@testable import Catalogs

@Suite("Rebase of deletes")
struct DeleteRebaseTests {
    private let fixture: CatalogFixture
    private var catalog: Catalog { fixture.catalog }
    private static let isolation = ["write.delete.isolation-level": "snapshot"]
    private static let sync = [UInt8](repeating: 7, count: 16)
    init() async throws { fixture = try await CatalogFixture() }

    private func put(_ bytes: [UInt8], at uri: String) async throws {
        let path = try #require(BlobPath(uri: uri))
        _ = try await fixture.memory.put(path, bytes, if: .always)
    }

    private func manifests(of snapshot: Snapshot?) async throws -> [ManifestFile] {
        guard let list = snapshot?.manifestList, let path = BlobPath(uri: list) else { return [] }
        return try await ManifestListFile.read(fixture.memory.read(path), path: list)
    }

    private func dataFile(_ name: String, of table: LoadedTable) -> String {
        "\(table.metadata.location)/data/\(name).parquet"
    }

    /// A commit that adds one manifest with one file to what its writer saw.
    private func adding(
        _ file: DataFile, to table: LoadedTable, id: Int64, operation: String
    ) async throws -> TableCommit {
        let metadata = table.metadata
        var writer = ManifestWriter(
            metadata: metadata, spec: metadata.defaultSpec, snapshotID: id, sync: Self.sync,
            content: file.content == .data ? .data : .deletes)
        try writer.append(ManifestEntry(.added, file, snapshotID: id))
        var (bytes, manifest) = try writer.finish(
            path: "\(metadata.location)/metadata/\(id)-m0.avro",
            sequenceNumber: metadata.lastSequenceNumber + 1)
        try await put(bytes, at: manifest.path)
        var commit = fixture.append(to: table, snapshotID: id)
        guard case .addSnapshot(var snapshot) = commit.updates[0], let list = snapshot.manifestList else {
            return commit
        }
        snapshot.summary["operation"] = operation
        if metadata.formatVersion > 2 {
            let isData = file.content == .data
            (snapshot.firstRowID, snapshot.addedRows) = (metadata.nextRowID, isData ? file.recordCount : 0)
            if isData { manifest.firstRowID = metadata.nextRowID }
        }
        commit.updates[0] = .addSnapshot(snapshot)
        let all = [manifest] + (try await manifests(of: metadata.currentSnapshot))
        try await put(
            ManifestListFile.write(
                all, of: snapshot, formatVersion: metadata.formatVersion, sync: Self.sync), at: list)
        return commit
    }

    private func append(_ name: String, to table: LoadedTable, id: Int64) async throws -> TableCommit {
        let file = DataFile(
            path: dataFile(name, of: table), specID: 0, partition: [], recordCount: 10, fileSize: 100)
        return try await adding(file, to: table, id: id, operation: "append")
    }

    /// A deletion vector about the data file `name`; without one, position deletes that name no file.
    private func delete(_ name: String?, from table: LoadedTable, id: Int64) async throws -> TableCommit {
        var file = DataFile(
            path: "\(table.metadata.location)/data/\(id).puffin", specID: 0, partition: [], recordCount: 3,
            fileSize: 50)
        file.content = .positionDeletes
        file.format = name == nil ? "PARQUET" : "PUFFIN"
        file.referencedDataFile = name.map { dataFile($0, of: table) }
        if name != nil { (file.contentOffset, file.contentSize) = (4, 40) }
        return try await adding(file, to: table, id: id, operation: "delete")
    }

    /// A table of two data files, `a` and `b`.
    private func table(_ version: String = "3", _ properties: [String: String] = isolation) async throws
        -> LoadedTable
    {
        var properties = properties
        properties["format-version"] = version
        var table = try await fixture.create("t", properties: properties)
        for (id, name) in [(1, "a"), (2, "b")] as [(Int64, String)] {
            table = try await catalog.commit([append(name, to: table, id: id)])[0]
        }
        return table
    }

    @Test(
        "deletes from other files than anybody else's are put on top of what came meanwhile",
        arguments: ["2", "3"])
    func lands(version: String) async throws {
        let table = try await table(version)
        let first = try await delete("a", from: table, id: 10)
        let second = try await delete("b", from: table, id: 11)
        try await catalog.commit([append("c", to: table, id: 3)])
        try await catalog.commit([first])
        let landed = try await catalog.commit([second])[0]
        let head = try #require(landed.metadata.currentSnapshot)
        let all = try await manifests(of: head)
        #expect(
            all.count == 5 && all.filter { $0.content == .deletes }.map(\.sequenceNumber).sorted() == [4, 5])
        #expect(head.operation == "delete" && head.summary["total-records"] == nil)
        #expect(head.summary["added-dvs"] == "1" && head.summary["added-position-deletes"] == "3")
        #expect(head.summary["added-data-files"] == nil)
        if version == "3" {
            #expect(landed.metadata.nextRowID == 30 && head.addedRows == 0)
            #expect(all.filter { $0.content == .deletes }.allSatisfy { $0.firstRowID == nil })
        }
    }

    @Test("deletes from a file that somebody deleted from meanwhile, or that is gone, are a conflict")
    func sameFile() async throws {
        let table = try await table()
        let first = try await delete("a", from: table, id: 10)
        let second = try await delete("a", from: table, id: 11)
        let missing = try await delete("none", from: table, id: 12)
        try await catalog.commit([first])
        for commit in [second, missing] {
            #expect(await faultCode { try await catalog.commit([commit]) } == "CAT-301")
        }
    }

    @Test("a delete file that names no data file conflicts with every other delete, whoever comes first")
    func unnamed() async throws {
        let table = try await table("2")
        let named = try await delete("a", from: table, id: 10)
        let unnamed = try await delete(nil, from: table, id: 11)
        let late = try await delete(nil, from: table, id: 12)
        try await catalog.commit([unnamed])
        for commit in [named, late] {
            #expect(await faultCode { try await catalog.commit([commit]) } == "CAT-301")
        }
    }

    @Test("without snapshot isolation of deletes every concurrent commit is a conflict")
    func serializable() async throws {
        for properties in [[:], ["write.delete.isolation-level": "serializable"]] {
            let other = try await DeleteRebaseTests()
            let table = try await other.table("3", properties)
            let late = try await other.delete("a", from: table, id: 10)
            try await other.catalog.commit([other.append("c", to: table, id: 3)])
            #expect(await faultCode { try await other.catalog.commit([late]) } == "CAT-301")
        }
    }
}
