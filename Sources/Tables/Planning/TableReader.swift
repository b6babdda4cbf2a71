package import Blobs
package import Iceberg
package import Scheduling

/// Finds the data files of a table that a query has to read.
///
///     metadata → manifest list (partition summaries) → manifests (partitions, column bounds) → tasks
///
/// Tasks are produced while they are consumed: a reader that stops early leaves manifests unread.
package struct TableReader: Sendable {
    /// Manifests read at the same time.
    package static let manifestsAtOnce = 4

    package let metadata: TableMetadata
    private let files: TableFiles

    /// - Errors: `ICE-108` for a location that is none.
    package init(
        metadata: TableMetadata, store: any BlobStore, caches: TableCaches,
        workers: Workers = Workers(nil)
    ) throws {
        self.metadata = metadata
        files = try TableFiles(metadata: metadata, store: store, caches: caches, workers: workers)
    }

    /// The tasks of a snapshot, by default the current one; a table without snapshots has none.
    ///
    /// - Errors: `ICE-204` at once; through the stream `TAB-1xx`, `TAB-2xx`, `SCH-101`, the store's own.
    package func plan(
        predicate: Predicate = .always, snapshotID: Int64? = nil, cancellation: CancellationToken? = nil,
        memory: MemoryBudget? = nil
    ) throws -> ScanPlan {
        try plan(
            ScanRequest(predicate: predicate, range: .snapshot(snapshotID)), cancellation: cancellation,
            memory: memory)
    }

    /// - Errors: as above; `ICE-111` when one end of a range of snapshots is no ancestor of the other.
    package func plan(
        _ request: ScanRequest, cancellation: CancellationToken? = nil, memory: MemoryBudget? = nil
    ) throws -> ScanPlan {
        let snapshots = try request.range.snapshots(in: metadata)
        return ScanPlan(
            files: files, request: request, snapshots: snapshots, cancellation: cancellation, memory: memory)
    }
}
