import Blobs
import Catalogs
import Columnar
import Effects
import Execution
import FileFormats
import Iceberg
import Kernels
import Metastore
import Scheduling
import Tables
import TestKit

@testable import Sessions

/// A session with its engine over a fresh catalog in `lake`, with the empty table `web.clicks`.
struct SessionFixture {
    let directory: TemporaryDirectory
    let catalog: Catalog
    let warehouse: Warehouse
    let store: MemoryBlobStore
    let session: Session
    let clock: ManualClock

    /// One pool for all tests: its threads live as long as the process.
    private static let morsels = MorselPool(threads: 2)

    init(
        limits: QueryRegistry.Limits = QueryRegistry.Limits(), batchRows: Int = .max,
        disabledPasses: Set<String> = [], spillsEverything: Bool = false, sendsPlans: Bool = false,
        morsels: MorselPool? = nil, catalogLimits: CatalogLimits = CatalogLimits()
    ) async throws {
        directory = try TemporaryDirectory()
        clock = ManualClock()
        let randomness = SeededRandomness(seed: 1)
        let metastore = try await Metastore.open(directory: directory.path, clock: clock)
        store = MemoryBlobStore(clock: clock, buckets: ["lake"])
        catalog = Catalog(
            metastore: metastore, store: store, clock: clock, randomness: randomness, limits: catalogLimits)
        warehouse = try await catalog.enableWarehouse(bucket: "lake")
        try await catalog.createNamespace(Namespace(["web"]), in: warehouse)
        let schema = IcebergSchema(fields: [
            Field(id: 1, "id", .long, isRequired: true), Field(id: 2, "url", .string, doc: "where"),
            Field(id: 3, "at", .timestamptz),
        ])
        _ = try await catalog.createTable(
            CreateTable(
                identifier: TableIdentifier(namespace: Namespace(["web"]), name: "clicks"), schema: schema),
            in: warehouse)
        var engine = QueryEngine(
            store: store, morsels: morsels ?? Self.morsels, ledger: MemoryLedger(limit: 1 << 30),
            memoryLimitBytes: 256 << 20,
            caches: (TableCaches(), ParquetFooterCache()), clock: clock, randomness: randomness)
        engine.batchRows = batchRows
        engine.spill = try SpillArea(directory: directory.path + "/spill", limit: 1 << 30)
        engine.spillsEverything = spillsEverything
        engine.sendsPlans = sendsPlans
        session = Session(
            catalog: catalog, engine: engine,
            queries: QueryRegistry(limits: limits, clock: clock, randomness: randomness),
            disabledPasses: disabledPasses)
    }

    func rows(
        _ sql: String, warehouse: String = "lake", namespace: [String] = [],
        authorize: @escaping @Sendable (StatementAccess) throws -> Void = { _ in }
    ) async throws -> [[Scalar]] {
        try await batches(sql, warehouse: warehouse, namespace: namespace, authorize: authorize).flatMap(
            \.rows)
    }

    func batches(
        _ sql: String, warehouse: String = "lake", namespace: [String] = [],
        authorize: @escaping @Sendable (StatementAccess) throws -> Void = { _ in }
    ) async throws -> [Batch] {
        var request = StatementRequest(sql: sql, warehouse: warehouse)
        request.namespace = namespace
        request.authorize = authorize
        var batches: [Batch] = []
        for try await batch in try await session.run(request).batches { batches.append(batch) }
        return batches
    }

    /// Rows as text, values joined by ` | `.
    func texts(_ sql: String, null: String = "-") async throws -> [String] {
        try await batches(sql).flatMap { batch -> [String] in
            let columns = try batch.dense().columns.map { try $0.cast(to: .string).scalars }
            return (0..<batch.rowCount).map { row in
                columns.map { column in
                    guard case .string(let text) = column[row] else { return null }
                    return text.isEmpty ? "(empty)" : text.replacing("\n", with: "⏎")
                }.joined(separator: " | ")
            }
        }
    }
}
