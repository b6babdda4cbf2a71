import Blobs
import Columnar
import Effects
import Iceberg
import JSONText
import Scheduling
import Tables
import TestKit
import Testing

@testable import Catalogs

@Suite("Registering metadata that somebody else wrote")
struct RegisterTests {
    private let fixture: CatalogFixture
    private var catalog: Catalog { fixture.catalog }
    init() async throws { fixture = try await CatalogFixture() }

    /// Metadata of a table that was let go, changed by `change`, at `name` in its folder.
    private func write(
        _ name: String, version: Int = 2, compressed: Bool = false, _ change: (inout TableMetadata) -> Void
    ) async throws -> String {
        let table = try await fixture.create("a", properties: ["format-version": "\(version)"])
        try await catalog.dropTable(table.identifier, in: fixture.warehouse)
        var metadata = table.metadata
        change(&metadata)
        let path = BlobPath(
            bucket: "lake", key: try TableLocation(metadata.location).key + "/metadata/" + name)
        let text = metadata.json.serialized()
        _ = try await fixture.memory.put(
            path, compressed ? try MetadataFile.compress(text) : text, if: .always)
        return path.uri
    }

    private func register(_ location: String, with catalog: Catalog? = nil) async throws -> LoadedTable {
        try await (catalog ?? self.catalog).registerTable(
            fixture.identifier("a"), metadataLocation: location, in: fixture.warehouse)
    }

    private static func snapshot(_ metadata: TableMetadata, sequence: Int64) -> Snapshot {
        Snapshot(
            snapshotID: 5, parentID: nil, sequenceNumber: sequence, timestampMilliseconds: 1,
            manifestList: metadata.location + "/metadata/snap-5.avro")
    }

    @Test("a file that was written anew is read anew")
    func overwritten() async throws {
        let location = try await write("v1.metadata.json") { _ in }
        let first = try await register(location)
        _ = try await catalog.unregisterTable(first.identifier, in: fixture.warehouse)
        var other = first.metadata
        other.uuid = UniqueID(high: 7, low: 8)
        let path = try #require(BlobPath(uri: location))
        _ = try await fixture.memory.put(path, other.json.serialized(), if: .always)
        #expect(try await register(location).uuid == other.uuid.description)
        #expect(try await fixture.load("a").metadata == other)
        let cold = Catalog(metastore: fixture.metastore, store: fixture.store, clock: fixture.clock)
        #expect(try await cold.loadTable(first.identifier, in: fixture.warehouse).metadata == other)
    }

    private static let contradictions: [@Sendable (inout TableMetadata) -> Void] = [
        { $0.lastColumnID = 1 },
        { $0.nextRowID = -1 },
        { $0.lastSequenceNumber = -1 },
        { $0.snapshots = [snapshot($0, sequence: 9)] },
        { metadata in
            var snapshot = snapshot(metadata, sequence: 1)
            (snapshot.manifestList, snapshot.manifests) = (nil, [metadata.location + "/metadata/m.avro"])
            metadata.snapshots = [snapshot]
            metadata.lastSequenceNumber = 1
        },
        {
            $0.specs = [
                PartitionSpec(fields: [
                    PartitionField(sourceID: 1, fieldID: 1000, name: "p", transform: .identity)
                ])
            ]
        },
        { metadata in
            var snapshot = snapshot(metadata, sequence: 1)
            (snapshot.firstRowID, snapshot.addedRows) = (0, 5)
            metadata.snapshots = [snapshot]
            (metadata.lastSequenceNumber, metadata.nextRowID) = (1, 4)
        },
        { metadata in
            var snapshot = snapshot(metadata, sequence: 1)
            (snapshot.firstRowID, snapshot.addedRows) = (.max, 5)
            metadata.snapshots = [snapshot]
            (metadata.lastSequenceNumber, metadata.nextRowID) = (1, .max)
        },
    ]

    @Test("numbers that contradict each other are refused", arguments: contradictions.indices)
    func contradicts(index: Int) async throws {
        let location = try await write("v1.metadata.json", version: 3, Self.contradictions[index])
        #expect(await faultCode { _ = try await register(location) } == "CAT-209")
    }

    @Test("metadata that is whole is taken")
    func sound() async throws {
        let location = try await write("v1.metadata.json", version: 3) { metadata in
            var snapshot = Self.snapshot(metadata, sequence: 3)
            (snapshot.firstRowID, snapshot.addedRows) = (2, 5)
            metadata.snapshots = [snapshot]
            (metadata.lastSequenceNumber, metadata.nextRowID) = (3, 7)
        }
        #expect(try await register(location).metadata.nextRowID == 7)
    }

    @Test("snapshots of version 1 may list their manifests, also after the table left it", arguments: [1, 2])
    func bareSnapshots(version: Int) async throws {
        let location = try await write("v1.metadata.json") { metadata in
            var snapshot = Self.snapshot(metadata, sequence: version == 1 ? 7 : 0)
            (snapshot.manifestList, snapshot.manifests) = (nil, [metadata.location + "/metadata/m.avro"])
            (metadata.snapshots, metadata.formatVersion) = ([snapshot], version)
        }
        #expect(try await register(location).metadata.snapshots.count == 1)
    }

    @Test("a current snapshot that nobody could read is refused", arguments: [0, 4])
    func unreadableSnapshot(specID: Int) async throws {
        let location = try await write("v1.metadata.json") { metadata in
            metadata.snapshots = [Self.snapshot(metadata, sequence: 1)]
            (metadata.currentSnapshotID, metadata.lastSequenceNumber) = (5, 1)
            metadata.refs = ["main": SnapshotRef(snapshotID: 5)]
            (metadata.specs[0].specID, metadata.defaultSpecID) = (specID, specID)
        }
        let file = try #require(BlobPath(uri: location))
        let metadata = try await MetadataFile.parse(fixture.memory.read(file), path: location)
        let snapshot = try #require(metadata.currentSnapshot)
        let list = try #require(snapshot.manifestList.flatMap { BlobPath(uri: $0) })
        #expect(await faultCode { _ = try await register(location) } == "CAT-209")
        _ = try await fixture.memory.put(list, [1, 2, 3], if: .always)
        #expect(await faultCode { _ = try await register(location) } == "CAT-209")
        var manifest = ManifestFile(
            path: metadata.location + "/metadata/m.avro", length: 1, specID: 0, addedSnapshotID: 5)
        (manifest.files, manifest.rows) = (ManifestFile.Counts(), ManifestFile.Counts())
        (manifest.sequenceNumber, manifest.minimumSequenceNumber) = (1, 1)
        let bytes = try ManifestListFile.write(
            [manifest], of: snapshot, formatVersion: 2, sync: Array(repeating: 0, count: 16))
        _ = try await fixture.memory.put(list, bytes, if: .always)
        // The other table does not have the spec that the manifest is written with.
        #expect(await faultCode { _ = try await register(location) } == (specID == 0 ? nil : "CAT-209"))
    }

    @Test("a small file that unfolds to more than is allowed is refused, and memory is asked for")
    func unfolds() async throws {
        let location = try await write("v1.gz.metadata.json", compressed: true) {
            $0.properties["long"] = String(repeating: "a", count: 3 << 20)
        }
        var limits = CatalogLimits()
        limits.metadataFileBytes = 2 << 20
        let strict = Catalog(metastore: fixture.metastore, store: fixture.store, limits: limits)
        #expect(await faultCode { _ = try await register(location, with: strict) } == "CAT-209")
        let ledger = MemoryLedger(limit: 8 << 20)
        let taken = try ledger.reserve(6 << 20, for: "somebody else")
        let poor = Catalog(metastore: fixture.metastore, store: fixture.store, ledger: ledger)
        #expect(await faultCode { _ = try await register(location, with: poor) } == "SCH-202")
        #expect(ledger.reserved == taken.bytes)
        #expect(try await register(location).metadata.properties["long"]?.utf8.count == 3 << 20)
    }
}
