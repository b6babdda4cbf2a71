import Blobs
import Columnar
import Effects
import Faults
import Iceberg
import Metastore
import Telemetry
import TestKit

@testable import Catalogs

/// A catalog over a fresh Metastore and a store in memory, with one warehouse, `local_lake`, and one namespace, `web`.
struct CatalogFixture {
    let directory: TemporaryDirectory
    let clock = ManualClock()
    let metrics = MetricsRegistry()
    let memory: MemoryBlobStore
    let store: FailingBlobStore
    let metastore: Metastore
    let catalog: Catalog
    let warehouse: Warehouse
    let web = Namespace(["web"])

    init(limits: CatalogLimits = CatalogLimits()) async throws {
        directory = try TemporaryDirectory()
        memory = MemoryBlobStore(clock: clock, buckets: ["lake", "sea"])
        store = FailingBlobStore(memory)
        metastore = try await Metastore.open(directory: directory.path, clock: clock)
        catalog = Catalog(
            metastore: metastore, store: store, clock: clock, randomness: SeededRandomness(seed: 1),
            limits: limits, metrics: metrics)
        warehouse = try await catalog.enableWarehouse(bucket: "lake")
    }

    static let schema = IcebergSchema(fields: [
        Field(id: 1, "id", .long, isRequired: true), Field(id: 2, "url", .string),
    ])

    func identifier(_ name: String) -> TableIdentifier { TableIdentifier(namespace: web, name: name) }

    func request(
        _ name: String, location: String? = nil, properties: [String: String] = [:]
    ) -> CreateTable {
        CreateTable(
            identifier: identifier(name), schema: Self.schema, location: location, properties: properties)
    }

    @discardableResult
    func create(
        _ name: String, location: String? = nil, properties: [String: String] = [:]
    ) async throws -> LoadedTable {
        if try await !catalog.namespaceExists(web, in: warehouse) {
            try await catalog.createNamespace(web, in: warehouse)
        }
        return try await catalog.createTable(
            request(name, location: location, properties: properties), in: warehouse)
    }

    func load(_ name: String) async throws -> LoadedTable {
        try await catalog.loadTable(identifier(name), in: warehouse)
    }

    /// An append as a writer sends it that looked at `table`.
    func append(to table: LoadedTable, snapshotID: Int64) -> TableCommit {
        let metadata = table.metadata
        var snapshot = Snapshot(
            snapshotID: snapshotID, parentID: metadata.currentSnapshotID,
            sequenceNumber: metadata.lastSequenceNumber + 1, timestampMilliseconds: clock.now.milliseconds,
            manifestList: "\(metadata.location)/metadata/snap-\(snapshotID).avro")
        snapshot.summary = ["operation": "append"]
        return TableCommit(
            warehouse: warehouse, identifier: table.identifier,
            requirements: [
                .tableUUID(table.uuid), .refSnapshotID(ref: "main", metadata.currentSnapshotID),
            ],
            updates: [
                .addSnapshot(snapshot), .setSnapshotRef(name: "main", SnapshotRef(snapshotID: snapshotID)),
            ])
    }

    /// The keys of all objects of the warehouse.
    func keys() async throws -> [String] {
        try await memory.list(bucket: "lake", prefix: "", after: nil, limit: 10_000).entries.map(\.key)
    }
}

/// The code of what `body` throws, such as `CAT-101`; nil when it does not throw.
func faultCode(_ body: () async throws -> Void) async -> String? {
    do {
        try await body()
        return nil
    } catch let error as any Fault {
        return codeText(error)
    } catch {
        return "\(error)"
    }
}

private func codeText(_ fault: some Fault) -> String { fault.code.rawValue }
