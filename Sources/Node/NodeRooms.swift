import Catalogs
import Effects
import Execution
import FileFormats
import Foundation
import Identity
import JSONText
import Metastore
import Pipelines
import S3Client
import Scheduling
import Sessions
import Signing
import Streams
import Tables
import Telemetry

/// Every room of the house, open over one data directory.
struct NodeRooms: Sendable {
    let settings: NodeSettings
    let log: Log
    let metrics: MetricsRegistry
    let directory: DataDirectory
    /// Threads for files and everything else that blocks.
    let pool: IOPool
    /// Threads that compute.
    let morsels: MorselPool
    let metastore: Metastore
    let lease: NodeLease
    /// Renews the lease. True when another process has the node.
    let keeping: Task<Bool, Never>
    let tokens: TokenStore
    let objects: ObjectRooms
    let catalog: Catalog
    let plans: PlanService
    let streams: StreamRegistry
    let pipelines: PipelineService
    let session: Session
    let ledger: MemoryLedger

    private static let poolThreads = 8

    static func open(settings: NodeSettings, log: Log) async throws -> NodeRooms {
        let clock = LiveClock()
        let metrics = MetricsRegistry()
        let pool = IOPool(name: "io", threads: poolThreads)
        let path = settings.dataDirectory
        let directory = try await pool.run { try DataDirectory(opening: path) }
        let keyFile = try await pool.run {
            try KeyFile.loadOrCreate(path: path + "/key", randomness: LiveRandomness())
        }
        let metastore = try await openMetastore(settings, keyFile, clock, metrics)
        let lease = try await takeNode(settings, directory, metastore, pool, metrics, log)
        // From now on: opening the logs may take longer than a lease.
        let keeping = Task { await lease.run() }
        do {
            return try await open(
                settings, log,
                Ground(
                    metrics: metrics, pool: pool, directory: directory, keyFile: keyFile,
                    metastore: metastore, lease: lease, keeping: keeping))
        } catch {
            keeping.cancel()
            throw error
        }
    }

    /// What everything else stands on.
    private struct Ground: Sendable {
        let metrics: MetricsRegistry
        let pool: IOPool
        let directory: DataDirectory
        let keyFile: KeyFile
        let metastore: Metastore
        let lease: NodeLease
        let keeping: Task<Bool, Never>
    }

    private static func open(
        _ settings: NodeSettings, _ log: Log, _ ground: Ground
    ) async throws -> NodeRooms {
        let (clock, randomness, path) = (LiveClock(), LiveRandomness(), settings.dataDirectory)
        let (metrics, pool, metastore) = (ground.metrics, ground.pool, ground.metastore)
        let tokens = try await openTokens(settings, metastore, ground.keyFile, log)
        let objects = try await ObjectRooms.open(
            settings,
            ObjectRooms.Surroundings(
                clock: clock, randomness: randomness, pool: pool, metrics: metrics, log: log,
                keyFile: ground.keyFile, isShared: metastore.isShared))
        let ledger = MemoryLedger(
            limit: settings.memoryBytes ?? ProcessSetup.limits.memoryBytes / 2, metrics: metrics)
        let catalog = Catalog(
            metastore: metastore, store: objects.store, clock: clock, randomness: randomness,
            ledger: ledger, metrics: metrics, log: log)
        let streams = try await StreamRegistry.open(
            directory: path + "/streams", metastore: metastore, limits: settings.logLimits,
            environment: LogEnvironment(clock: clock, pool: pool, metrics: metrics, log: log),
            randomness: randomness)
        let morsels = MorselPool(
            threads: settings.workerThreads ?? ProcessSetup.limits.cores, metrics: metrics)
        let caches = TableCaches()
        let plans = PlanService(
            catalog: catalog,
            resources: PlanService.Resources(
                caches: caches, pool: morsels, ledger: ledger, key: tokens.key(for: "plan tasks 1"),
                metrics: metrics))
        let pipelines = try await PipelineService.open(
            PipelineResources(
                metastore: metastore, streams: streams, catalog: catalog, store: objects.store,
                caches: caches,
                pool: morsels, ledger: ledger, metrics: metrics, log: log))
        var engine = QueryEngine(
            store: objects.store, morsels: morsels, ledger: ledger,
            memoryLimitBytes: settings.queryMemoryBytes ?? ProcessSetup.limits.memoryBytes / 4,
            caches: (caches, ParquetFooterCache()), clock: clock, randomness: randomness)
        engine.spill = try await pool.run {
            try SpillArea(directory: path + "/spill", limit: settings.spillBytes, metrics: metrics)
        }
        let session = Session(
            catalog: catalog, engine: engine,
            queries: QueryRegistry(
                limits: queryLimits(settings), clock: clock, randomness: randomness, metrics: metrics,
                log: log))
        return NodeRooms(
            settings: settings, log: log, metrics: metrics, directory: ground.directory, pool: pool,
            morsels: morsels,
            metastore: metastore, lease: ground.lease, keeping: ground.keeping, tokens: tokens,
            objects: objects, catalog: catalog, plans: plans,
            streams: streams,
            pipelines: pipelines, session: session, ledger: ledger)
    }

    private static func queryLimits(_ settings: NodeSettings) -> QueryRegistry.Limits {
        var limits = QueryRegistry.Limits()
        let milliseconds = Int64(settings.slowQueryMilliseconds)
        limits.slowNanoseconds = milliseconds > 0 ? milliseconds * 1_000_000 : nil
        return limits
    }

    /// - Errors: `NOD-103`, `MST-1xx`, `MST-3xx`.
    private static func openMetastore(
        _ settings: NodeSettings, _ keyFile: KeyFile, _ clock: any Clock, _ metrics: MetricsRegistry
    ) async throws -> Metastore {
        let path = settings.dataDirectory
        guard let address = settings.metastore else {
            return try await Metastore.open(directory: path, clock: clock, metrics: metrics)
        }
        if FileManager.default.fileExists(atPath: path + "/metastore.db") {
            throw NodeError(
                .otherMetastore, "the data directory has a metastore of its own and another one is asked for",
                ["directory": path, "asked": address],
                hint: "leave --metastore out, or begin with an empty directory: moving is not supported")
        }
        return try await Metastore.open(
            .postgres(address, owner: keyFile.fingerprint), clock: clock, metrics: metrics)
    }

    /// - Errors: `MST-305`.
    private static func takeNode(
        _ settings: NodeSettings, _ directory: DataDirectory, _ metastore: Metastore, _ pool: IOPool,
        _ metrics: MetricsRegistry, _ log: Log
    ) async throws -> NodeLease {
        let path = settings.dataDirectory
        let (id, logs) = try await pool.run {
            (
                try NodeID.loadOrCreate(directory: path, randomness: LiveRandomness()),
                try DataDirectory.streams(in: path)
            )
        }
        let store = settings.store.map { "s3://\($0.address.bucket)/\($0.address.prefix)" }
        return try await metastore.takeNode(
            NodeIdentity(id: id, place: directory.place, store: store, logs: logs),
            leaseSeconds: settings.leaseSeconds,
            metrics: metrics, log: log)
    }

    private static func openTokens(
        _ settings: NodeSettings, _ metastore: Metastore, _ keyFile: KeyFile, _ log: Log
    ) async throws -> TokenStore {
        let path = settings.dataDirectory
        let tokens = TokenStore(
            metastore: metastore, keyFile: keyFile, clock: LiveClock(), randomness: LiveRandomness())
        let replaced = try await tokens.ensureAdministrator(
            file: AdminTokenFile(path: path + "/admin-token"), preset: settings.adminToken)
        for id in replaced {
            log.info(
                "the administrator that the setting named before is no token any more", ["id": .string(id)])
        }
        return tokens
    }

    /// From the top down: who uses a room is closed before it. The pipelines have stopped.
    func close() async throws {
        await streams.close()
        morsels.stop()
        objects.close()
        keeping.cancel()
        _ = await keeping.value
        await lease.release()
        try await metastore.close()
        pool.stop()
    }
}
