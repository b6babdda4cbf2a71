import Buckets
import Catalogs
import Effects
import Identity
import Metastore
import Pipelines
import Scheduling
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
    let metastore: Metastore
    let tokens: TokenStore
    let buckets: BucketStore
    let catalog: Catalog
    let streams: StreamRegistry
    /// Threads that compute, for queries and pipelines together.
    let morsels: MorselPool
    let caches: TableCaches
    let pipelines: PipelineService

    private static let poolThreads = 8

    static func open(settings: NodeSettings, log: Log) async throws -> NodeRooms {
        let clock = LiveClock()
        let randomness = LiveRandomness()
        let metrics = MetricsRegistry()
        let pool = IOPool(name: "io", threads: poolThreads)
        let path = settings.dataDirectory
        let directory = try await pool.run { try DataDirectory(opening: path) }
        let keyFile = try await pool.run {
            try KeyFile.loadOrCreate(path: path + "/key", randomness: randomness)
        }
        let metastore = try await Metastore.open(directory: path, clock: clock, metrics: metrics)
        let tokens = TokenStore(metastore: metastore, keyFile: keyFile, clock: clock, randomness: randomness)
        try await tokens.ensureAdministrator(
            file: AdminTokenFile(path: path + "/admin-token"), preset: settings.adminToken)
        let buckets = try await BucketStore.open(
            directory: path + "/objects", ioPool: pool, clock: clock, randomness: randomness,
            metrics: metrics, log: log)
        let catalog = Catalog(
            metastore: metastore, store: buckets, clock: clock, randomness: randomness, metrics: metrics,
            log: log)
        let streams = try await StreamRegistry.open(
            directory: path + "/streams", metastore: metastore, limits: settings.logLimits,
            environment: LogEnvironment(clock: clock, pool: pool, metrics: metrics, log: log),
            randomness: randomness)
        let morsels = MorselPool(threads: settings.workerThreads ?? ProcessSetup.coreCount)
        let caches = TableCaches()
        let pipelines = try await PipelineService.open(
            PipelineResources(
                metastore: metastore, streams: streams, catalog: catalog, store: buckets, caches: caches,
                pool: morsels, metrics: metrics, log: log))
        return NodeRooms(
            settings: settings, log: log, metrics: metrics, directory: directory, pool: pool,
            metastore: metastore,
            tokens: tokens, buckets: buckets, catalog: catalog, streams: streams, morsels: morsels,
            caches: caches,
            pipelines: pipelines)
    }

    /// From the top down: who uses a room is closed before it.
    func close() async throws {
        await streams.close()
        morsels.stop()
        buckets.close()
        try await metastore.close()
        pool.stop()
    }
}
