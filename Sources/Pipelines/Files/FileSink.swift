import Blobs
import Columnar
import Effects
import Metastore
import Scheduling
import Streams
import Telemetry

/// Lands rows as files in a bucket, each of which appears once its commit is durable.
///
///     rows → open files → sealed: durable, unseen → one transaction: progress, counts, promises → published
///
/// - Source: decision 18.
struct FileSink: SinkTable {
    let definition: SinkDefinition
    let place: FilePlace
    let stream: StreamDefinition
    let pipelineName: String
    let key: ProgressKey
    /// What the pipeline writes; `__ingest_ts`, the last of them, chooses the folder and is not written.
    let columns: Schema
    let services: FileServices

    func open(for progress: PipelineProgress) async throws -> any SinkFiles {
        var writer: FileWriter?
        if place.naming.strategy == .serial {
            let key = self.key
            writer = try await services.metastore.read { try FileWriter.get(key, $0) }
            // Once for a statement: its first commit may come from this process or the next.
            if writer == nil { writer = try await services.metastore.write { try FileWriter.claim(key, $0) } }
        }
        return try ObjectFiles(sink: self, progress: progress, writer: writer)
    }

    func settle() async throws {
        if services.planted.has(.promisesForgotten) {
            let key = self.key
            return try await services.metastore.write { transaction in
                try PromisedFileRows.delete(
                    try PromisedFileRows.oldest(of: key, limit: 1_000, transaction), transaction)
            }
        }
        try await services.publisher.publish(key)
    }
}

/// What writing files takes.
struct FileServices: Sendable {
    let store: any BlobStore
    let metastore: Metastore
    let pool: MorselPool
    let ledger: MemoryLedger
    let clock: any Clock
    let randomness: any Randomness
    let log: Log
    let planted: PlantedBugs

    var publisher: FilePublisher { FilePublisher(metastore: metastore, store: store, log: log) }
}
