import Blobs
import Effects
import JSONText
import S3Client
import Telemetry

/// What is done for an external store from time to time: parts of uploads that nobody will complete are let go.
struct ExternalUpkeep: Sendable {
    let client: S3BlobStore
    let log: Log
    /// Another node may do it, and then this one, when that is gone.
    let isOurs: @Sendable () -> Bool
    /// Uploads that pipelines have promised to complete.
    let promised: @Sendable () async throws -> [SealedBlob]
    private let clock = LiveClock()

    init(
        client: S3BlobStore, log: Log, isOurs: @escaping @Sendable () -> Bool,
        promised: @escaping @Sendable () async throws -> [SealedBlob]
    ) {
        self.client = client
        self.log = log
        self.isOurs = isOurs
        self.promised = promised
    }

    private static let pause = Duration.seconds(3600)
    /// Longer than any upload takes; as for the store in the data directory.
    private static let uploadSeconds: Int64 = 7 * 86_400

    /// Runs until its task is cancelled.
    func run() async {
        while true {
            if isOurs() { await abortOldUploads() }
            if Task.isCancelled { return }
            do { try await Task.sleep(for: Self.pause) } catch { return }
        }
    }

    private func abortOldUploads() async {
        do {
            let limit = clock.now.microseconds - Self.uploadSeconds * 1_000_000
            let count = try await client.abortOldUploads(
                before: Instant(microseconds: limit), except: try await promised())
            if count > 0 {
                log.info("uploads nobody completed were aborted", ["count": .integer(Int64(count))])
            }
        } catch {
            log.warning("upkeep of the external store failed", ["reason": .string("\(error)")])
        }
    }
}
