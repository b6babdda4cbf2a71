package import Blobs
package import Effects
package import Metastore
package import Scheduling
package import Telemetry

/// Warehouses, namespaces, tables and views, and the one way to change a table.
///
/// The Metastore holds who exists and where each table's metadata lies; metadata and manifests are objects. Every change
/// of a table, by whom ever, goes through `commit`.
///
/// - Threads: any.
package final class Catalog: Sendable {
    let metastore: Metastore
    let store: any BlobStore
    let clock: any Clock
    let randomness: any Randomness
    package let limits: CatalogLimits
    let log: Log
    let queue = CommitQueue()
    let waiting = PendingCommits()
    package let work = CatalogWork()
    let files: MetadataFiles
    let obsolete: ObsoleteFiles
    let viewFiles: ViewFiles
    let comparedFiles: ComparedFiles
    let meters: CatalogMeters

    package init(
        metastore: Metastore, store: any BlobStore, clock: any Clock = LiveClock(),
        randomness: any Randomness = LiveRandomness(), limits: CatalogLimits = CatalogLimits(),
        ledger: MemoryLedger = MemoryLedger(limit: .max), metrics: MetricsRegistry = MetricsRegistry(),
        log: Log = .silent
    ) {
        self.metastore = metastore
        self.store = store
        self.clock = clock
        self.randomness = randomness
        self.limits = limits
        self.log = log
        meters = CatalogMeters(metrics)
        files = MetadataFiles(
            store: store, cache: MetadataCache(limitBytes: limits.metadataCacheBytes, metrics: metrics),
            randomness: randomness, limitBytes: limits.metadataFileBytes, ledger: ledger, work: work,
            meters: meters, log: log)
        obsolete = ObsoleteFiles(limit: limits.obsoleteFiles, count: meters.obsoleteFiles)
        comparedFiles = ComparedFiles(limitBytes: limits.comparedFilesBytes)
        viewFiles = ViewFiles(store: store, limitBytes: limits.viewFileBytes)
    }
}
