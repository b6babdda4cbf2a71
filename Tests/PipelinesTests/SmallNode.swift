import Blobs
import Catalogs
import Columnar
import Effects
import FileFormats
import Iceberg
import JSONText
import Metastore
import Scheduling
import Streams
import Tables
import Telemetry
import TestKit
import Testing

@testable import Pipelines

/// A node's rooms in memory, with everything from the log to the table's Parquet files real.
final class SmallNode: Sendable {
    let directory: TemporaryDirectory
    let store: MemoryBlobStore
    /// The same store, as the rooms see it.
    let faults: FailingBlobStore
    private let resources: PipelineResources
    let metastore: Metastore
    let catalog: Catalog
    let warehouse: Warehouse
    let registry: StreamRegistry
    let service: PipelineService
    private static let pool = IOPool(name: "service", threads: 2)
    private static let morsels = MorselPool(threads: 2)

    init(planted: Set<PlantedBug> = []) async throws {
        directory = try TemporaryDirectory()
        store = MemoryBlobStore(buckets: ["lake"])
        metastore = try await Metastore.open(directory: directory.path)
        faults = FailingBlobStore(store)
        catalog = Catalog(metastore: metastore, store: faults)
        warehouse = try await catalog.enableWarehouse(bucket: "lake")
        registry = try await StreamRegistry.open(
            directory: directory.path + "/streams", metastore: metastore,
            environment: LogEnvironment(pool: Self.pool))
        var resources = PipelineResources(
            metastore: metastore, streams: registry, catalog: catalog, store: faults, caches: TableCaches(),
            pool: Self.morsels, ledger: MemoryLedger(limit: 1 << 30))
        resources.planted = PlantedBugs(planted)
        self.resources = resources
        service = try await PipelineService.open(resources)
    }

    func whileRunning(_ body: @Sendable @escaping () async throws -> Void) async throws {
        try await run(service, body)
        await registry.close()
    }

    func run(
        _ service: PipelineService, _ body: @Sendable @escaping () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await service.run() }
            let result = await Result { try await body() }
            service.stop()
            try await group.waitForAll()
            try result.get()
        }
    }

    /// The pipelines of the node as another process finds them.
    func reopen() async throws -> PipelineService { try await PipelineService.open(resources) }

    func makeEvents() async throws {
        _ = try await registry.create([
            "name": "events",
            "schema": [
                "fields": [
                    ["name": "id", "type": "int64", "required": true], ["name": "kind", "type": "string"],
                    ["name": "ratio", "type": "int64"], ["name": "more", "type": "json"],
                ]
            ],
        ])
        _ = try await service.createSink([
            "name": "events_sink", "type": "r2_data_catalog",
            "config": [
                "bucket": "lake", "namespace": "web.deep", "table_name": "events", "token": "secret",
                "rolling_policy": ["interval_seconds": 3600],
            ],
        ])
    }

    func send(_ text: String, to stream: String = "events") async throws {
        let body = Array(text.utf8)
        let events = try EventBody.inspect(body, mediaType: nil)
        try await registry.append(
            LogAppend(
                body: body, eventCount: events.count, framing: events.framing,
                receivedAt: Instant(microseconds: 1_700_000_000_000_000)),
            to: try registry.stream(stream).definition.id)
    }

    func table(_ namespace: String, _ name: String) async throws -> LoadedTable {
        try await catalog.loadTable(
            TableIdentifier(
                namespace: Namespace(namespace.split(separator: ".").map(String.init)), name: name),
            in: warehouse)
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}

extension SmallNode {
    /// The stream `events` with its sink, and `second_sink` beside it.
    static func withTwoSinks() async throws -> SmallNode {
        let node = try await SmallNode()
        try await node.makeEvents()
        _ = try await node.service.createSink([
            "name": "second_sink", "type": "r2_data_catalog",
            "config": ["bucket": "lake", "namespace": "web", "table_name": "second"],
        ])
        return node
    }
}
