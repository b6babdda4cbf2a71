import Blobs
import Effects
import Iceberg
import JSONText
import Tables
import TestKit
import Testing

@testable import Catalogs

/// A table's writer may write below its location, and so over its metadata.
@Suite("A metadata file that somebody wrote over")
struct ForgedMetadataTests {
    private let fixture: CatalogFixture
    private let victim: LoadedTable
    private let own: LoadedTable
    /// As after a restart: nothing in memory.
    private let cold: Catalog

    init() async throws {
        fixture = try await CatalogFixture()
        victim = try await fixture.create("victim")
        own = try await fixture.create("own")
        cold = Catalog(
            metastore: fixture.metastore, store: fixture.store, clock: fixture.clock,
            randomness: SeededRandomness(seed: 2))
    }

    private func forge(_ change: (inout TableMetadata) -> Void) async throws {
        var metadata = own.metadata
        change(&metadata)
        let path = try #require(BlobPath(uri: own.metadataLocation))
        _ = try await fixture.memory.put(path, metadata.json.serialized(), if: .always)
    }

    private func change(_ catalog: Catalog) async throws {
        try await catalog.commit([
            TableCommit(
                warehouse: fixture.warehouse, identifier: own.identifier, requirements: [],
                updates: [.setProperties(["a": "b"])])
        ])
    }

    private func expectRefused() async throws {
        let before = try await fixture.keys()
        #expect(
            await faultCode { _ = try await cold.loadTable(own.identifier, in: fixture.warehouse) }
                == "CAT-401")
        #expect(await faultCode { try await change(cold) } == "CAT-401")
        #expect(
            await faultCode { _ = try await cold.unregisterTable(own.identifier, in: fixture.warehouse) }
                == "CAT-401")
        #expect(try await fixture.keys() == before)
        #expect(
            try await cold.loadTable(victim.identifier, in: fixture.warehouse).metadata == victim.metadata)
    }

    @Test("with another table's place is not this table's")
    func otherPlace() async throws {
        try await forge {
            $0.location = victim.metadata.location
            $0.metadataLog = [
                MetadataLogEntry(metadataFile: victim.metadataLocation, timestampMilliseconds: 1)
            ]
            $0.properties["write.metadata.previous-versions-max"] = "1"
        }
        try await expectRefused()
    }

    @Test("with a place whose name only looks the same is not this table's")
    func otherSpelling() async throws {
        let own = try await fixture.create("e", location: "s3://lake/\u{E9}")
        var metadata = own.metadata
        metadata.location = "s3://lake/e\u{301}"
        let path = try #require(BlobPath(uri: own.metadataLocation))
        _ = try await fixture.memory.put(path, metadata.json.serialized(), if: .always)
        #expect(
            await faultCode { _ = try await cold.loadTable(own.identifier, in: fixture.warehouse) }
                == "CAT-401")
    }

    @Test("with another table's uuid is not this table's")
    func otherTable() async throws {
        try await forge { $0.uuid = victim.metadata.uuid }
        try await expectRefused()
    }

    @Test("with another table's files among its own is not read")
    func otherFiles() async throws {
        try await forge {
            $0.metadataLog = [
                MetadataLogEntry(metadataFile: victim.metadataLocation, timestampMilliseconds: 1)
            ]
        }
        try await expectRefused()
        try await forge { $0.snapshots = [TestSnapshots.snapshot(of: victim)] }
        try await expectRefused()
    }

    @Test("takes no place in memory when a table is registered from it and that is refused")
    func refusedRegistration() async throws {
        try await forge { $0.location = victim.metadata.location }
        let other = fixture.identifier("other")
        #expect(
            await faultCode {
                _ = try await fixture.catalog.registerTable(
                    other, metadataLocation: own.metadataLocation, in: fixture.warehouse)
            } != nil)
        #expect(try await fixture.load("own").metadata == own.metadata)
    }

    @Test("answers no request that came before with another table's place")
    func repeated() async throws {
        try await forge { $0.location = victim.metadata.location }
        let gone = fixture.identifier("gone")
        #expect(
            await faultCode {
                _ = try await cold.table(gone, orAsAt: own.metadataLocation, in: fixture.warehouse)
            } == "CAT-205")
        #expect(
            await faultCode {
                _ = try await cold.table(own.identifier, orAsAt: own.metadataLocation, in: fixture.warehouse)
            } == "CAT-401")
    }
}

private enum TestSnapshots {
    static func snapshot(of table: LoadedTable) -> Snapshot {
        Snapshot(
            snapshotID: 5, parentID: nil, sequenceNumber: 0, timestampMilliseconds: 1,
            manifestList: table.metadata.location + "/metadata/snap-5.avro")
    }
}
