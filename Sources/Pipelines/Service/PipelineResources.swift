package import Blobs
package import Catalogs
package import Effects
package import Metastore
package import Scheduling
package import Streams
package import Tables
package import Telemetry

/// What the pipelines of a node work with.
package struct PipelineResources: Sendable {
    package var metastore: Metastore
    package var streams: StreamRegistry
    package var catalog: Catalog
    package var store: any BlobStore
    package var caches: TableCaches
    package var pool: MorselPool
    /// What open data files hold is promised to it, and what is read and not yet written.
    package let ledger: MemoryLedger
    let memory: SliceMemory
    let meters = StatementMeters()
    var trials = TrialTurns(isCareful: false)
    package var clock: any Clock
    package var randomness: any Randomness
    package var metrics: MetricsRegistry
    package var log: Log
    package var planted: PlantedBugs

    package init(
        metastore: Metastore, streams: StreamRegistry, catalog: Catalog, store: any BlobStore,
        caches: TableCaches, pool: MorselPool, ledger: MemoryLedger,
        metrics: MetricsRegistry = MetricsRegistry(),
        log: Log = .silent
    ) {
        self.metastore = metastore
        self.streams = streams
        self.catalog = catalog
        self.store = store
        self.caches = caches
        self.pool = pool
        self.ledger = ledger
        memory = SliceMemory(ledger: ledger)
        self.metrics = metrics
        self.log = log
        clock = LiveClock()
        randomness = LiveRandomness()
        planted = .fromEnvironment
    }
}
